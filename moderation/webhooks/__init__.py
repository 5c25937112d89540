"""Telling a site's server of every change of a comment's status: written with the change, sent by a worker."""
