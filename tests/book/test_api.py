"""What the part on the library is made from: the sources as `book/_ext/api/api_sources.py` reads them.

Its pages are tested in `test_rendered_book.py`.
"""

import ast
import importlib
import inspect
import subprocess
import sys

import pytest

import api_sources
from contents import BOOK, ROOT

book_api = pytest.importorskip("book_api", reason="needs Sphinx, of the extra 'book'")

MODULES = [module for module in api_sources.all_modules("avbgtn") if api_sources.listed(module)]


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_those_of_the_imported_module(module):
    """What is read from the source is what Python finds."""
    imported = importlib.import_module(module)
    assert set(api_sources.listed(module)) == set(imported.__all__) - {"__version__"}
    for name in api_sources.listed(module):
        place, thing = api_sources.defined(f"{module}.{name}"), getattr(imported, name)
        assert place, f"{module}.{name} is nowhere in the sources"
        if inspect.isfunction(thing) or inspect.isclass(thing):
            assert place == f"{thing.__module__}.{thing.__qualname__}"


def test_a_name_that_is_not_there_is_defined_nowhere():
    assert api_sources.defined("avbgtn.models.losses.no_such_loss") is None
    assert api_sources.defined("torch.Tensor") is None
    assert api_sources.defined("avbgtn.load") == "avbgtn.translators.loading.load"


def test_reading_the_sources_loads_no_torch():
    code = "import sys, api_sources, book_api; api_sources.public(); sys.exit('torch' in sys.modules)"
    paths = [*(str(BOOK / "_ext" / part) for part in (".", "api", "tables")), str(ROOT)]
    done = subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}"])
    assert done.returncode == 0, "reading the sources has loaded torch"


def test_a_comment_is_plain_text():
    assert book_api.plain("a * b|c, `d`, name_ ") == r"a \* b\|c, ``d``, name\_"
    node = api_sources.statements("avbgtn.models.losses")["TWO_LOG_TWO"]
    assert api_sources.comment("avbgtn.models.losses", node) == "the loss of a discriminator at chance"
    assert isinstance(node, ast.Assign)
