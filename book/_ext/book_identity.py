"""Sphinx extension: what the book is known by, its logo beside its title and the card that a link to a page
is shown as where people share it (Open Graph)."""

import html

from docutils import nodes

LOGO_ALT = "Logo: a brown and a blond disc, and the letter z where they overlap"
CARD = ("_assets/card.jpg", 1200, 630)  # tools/draw_card.py
CARD_ALT = "Rendered heads with brown hair, and the same heads as AVB-GTN translates them to blond"
LONGEST = 200  # characters of a description; what shows cards cuts longer ones anywhere


def name_the_logo(app, config):
    """The title stands beside the logo: an edition with another title shows its own."""
    config.html_theme_options["logo"] = {"text": config.html_title, "alt_text": LOGO_ALT}


def description(doctree):
    """The first paragraph, in a chapter asks its question: whole sentences, or words and an ellipsis."""
    for paragraph in doctree.findall(nodes.paragraph):
        words = " ".join(paragraph.astext().split())
        if isinstance(paragraph.parent, nodes.section | nodes.document) and words:
            break
    else:
        return ""
    if len(words) <= LONGEST:
        return words
    cut = words[: LONGEST - 2]
    sentence = max(cut.rfind(". "), cut.rfind("? "))
    return cut[: sentence + 1] if sentence > LONGEST / 3 else f"{cut.rsplit(' ', 1)[0]} …"


def image_address(options):
    """Where anyone can fetch the picture: a card needs a whole address, and the repository has one."""
    at = options.get("repository_url", "").replace(
        "https://github.com/", "https://raw.githubusercontent.com/"
    )
    return f"{at}/{options.get('repository_branch', 'main')}/{options.get('path_to_docs', 'book')}/{CARD[0]}"


def add_card(app, pagename, templatename, context, doctree):
    """Say in the page's head what a card of it shows."""
    if doctree is None:
        return
    title = app.env.titles[pagename].astext()
    _, width, height = CARD
    said = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": description(doctree),
        "og:image": image_address(app.config.html_theme_options),
        "og:image:width": width,
        "og:image:height": height,
        "og:image:alt": CARD_ALT,
    }
    names = {"description": said["og:description"], "twitter:card": "summary_large_image"}
    tags = [f'<meta property="{key}" content="{html.escape(str(value))}" />' for key, value in said.items()]
    tags += [f'<meta name="{key}" content="{html.escape(value)}" />' for key, value in names.items()]
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def setup(app):
    app.connect("config-inited", name_the_logo, priority=100)
    app.connect("html-page-context", add_card, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
