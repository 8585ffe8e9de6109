"""Sphinx extension for a page that stands alone (`tools/run_page.py`): references to the rest of the book.

`elsewhere_pages` says of every page of the book its title, its short title and its address;
`elsewhere_labels` on which page a label stands. A reference to one of them becomes a link, a reference to
anything unknown its own words.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform

# What stands before the link where a number would be: the number is the book's, which this page has not.
WHAT = {"numref": "the figure in ", "eq": "the equation in "}


class LinkElsewhere(SphinxPostTransform):
    """Replace references that lead out of this page, before Sphinx and MyST look for their targets here."""

    default_priority = 5

    def run(self, **options):
        equations = self.env.get_domain("math").equations
        here = {*self.env.all_docs, *self.env.get_domain("std").anonlabels, *equations}
        for reference in list(self.document.findall(pending_xref)):
            kind, target = reference["reftype"], reference["reftarget"].rpartition("/")[2]
            if target in here:
                continue
            name = self.config.elsewhere_labels.get(target) or re.sub(r"\.(ipynb|md)(#.*)?$", "", target)
            if name in self.config.elsewhere_pages:
                reference.replace_self(self.link(reference, kind, name))
            elif kind == "myst":  # a link in Markdown's own form
                reference.replace_self(nodes.Text(reference.astext()))

    def link(self, reference, kind, name):
        """The nodes that stand for a reference to another page."""
        title, short, address = self.config.elsewhere_pages[name]
        own_words = reference.get("refexplicit") and reference.astext()
        link = nodes.reference("", own_words or (title if kind == "doc" else short), refuri=address)
        before = "" if own_words else WHAT.get(kind, "")
        return [nodes.Text(before), link] if before else [link]


def keep_the_words(app, env, node, contnode):
    """What nobody knows is shown as it is written, without its markup."""
    return contnode


def setup(app):
    app.add_config_value("elsewhere_pages", {}, "env", dict)
    app.add_config_value("elsewhere_labels", {}, "env", dict)
    app.add_post_transform(LinkElsewhere)
    app.connect("missing-reference", keep_the_words, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
