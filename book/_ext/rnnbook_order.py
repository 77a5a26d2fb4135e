"""The pages of the book, in the order in which the sidebar has them."""

from __future__ import annotations


def pages(env) -> list[str]:
    order, waiting = [], [env.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        order.append(page)
        waiting = env.toctree_includes.get(page, []) + waiting
    return order
