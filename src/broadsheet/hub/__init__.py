"""Papers in the shapes that Hugging Face clients and scrapers read, for both the API and the pages. No request here."""

from broadsheet.hub.discussion import comments
from broadsheet.hub.islands import daily_papers_props, paper_content_props
from broadsheet.hub.items import code_url, forget, list_item, list_items, paper_object, plain, project_url
from broadsheet.hub.markdown import paper_markdown
from broadsheet.hub.texts import compact

__all__ = [
    "code_url",
    "comments",
    "compact",
    "daily_papers_props",
    "forget",
    "list_item",
    "list_items",
    "paper_content_props",
    "paper_markdown",
    "paper_object",
    "plain",
    "project_url",
]
