"""What pyproject.toml cannot say: away from the repository, the README's links need its address."""

import re
import tomllib
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
urls = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["urls"]

text = (HERE / "README.md").read_text("utf-8")
text = re.sub(r"<picture>.*?</picture>\n\n", "", text, flags=re.S)  # it lies in the repository
text = re.sub(r"<!--.*?-->\n", "", text)
text = re.sub(r"\]\((?!https?:|#)", f"]({urls['Repository']}/blob/main/", text)

setup(long_description=text, long_description_content_type="text/markdown")
