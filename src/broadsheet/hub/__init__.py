"""Papers in the shapes that Hugging Face clients and scrapers read, for both the API and the pages. No request here."""

from broadsheet.hub.items import compact, daily_papers_props, list_item, paper_content_props, paper_object
from broadsheet.hub.markdown import paper_markdown

__all__ = ["compact", "daily_papers_props", "list_item", "paper_content_props", "paper_markdown", "paper_object"]
