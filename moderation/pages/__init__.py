"""The pages that people see. They work without scripts; scripts of our own make them quicker. One file a page."""
