"""Papers in the shapes that Hugging Face clients and scrapers read, for both the API and the pages. No request here."""

from broadsheet.hub.items import (
    code_url,
    compact,
    daily_papers_props,
    forget,
    list_item,
    paper_content_props,
    paper_object,
    plain,
    project_url,
)
from broadsheet.hub.markdown import paper_markdown

__all__ = [
    "code_url",
    "compact",
    "daily_papers_props",
    "forget",
    "list_item",
    "paper_content_props",
    "paper_markdown",
    "paper_object",
    "plain",
    "project_url",
]
