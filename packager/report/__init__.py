"""`packager report`: a model, or a comparison of models, as one page that needs no network."""

from packager.report.page import Subject, render_page
from packager.report.reading import write_report

__all__ = ["Subject", "render_page", "write_report"]
