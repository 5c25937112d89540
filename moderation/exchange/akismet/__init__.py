"""Akismet's protocol: comments checked and mistakes reported by whatever client a website already has."""
