"""The file that has WordPress's Akismet plugin ask this service, and nobody else."""

from __future__ import annotations

import re

FILE_NAME = "comment-moderation.php"
_PLAIN = re.compile(r"https?://[A-Za-z0-9._~:/\[\]-]+")

# A must-use plugin: WordPress loads it by itself, before all others. It changes where requests go in the moment they
# are sent, since Akismet's plugin has no setting for that. Before version 5.1 that has its key in the host's name,
# which moves into the path.
_FILE = """<?php
/*
Plugin Name: Comment moderation
Description: Has the Akismet plugin ask {base} instead of rest.akismet.com.
*/

defined( 'WPCOM_API_KEY' ) || define( 'WPCOM_API_KEY', '{key}' );

add_action( 'requests-requests.before_request', function ( &$url, &$headers ) {{
	if ( preg_match( '#^https?://(?:([0-9a-f]{{12}})\\.)?rest\\.akismet\\.com(?::\\d+)?/(.*)$#i', $url, $found ) ) {{
		$url = '{base}/' . ( $found[1] ? 'k/' . $found[1] . '/' : '' ) . $found[2];
		unset( $headers['Host'] );
	}}
}}, 10, 2 );
"""


def plugin_file(base: str, key: str) -> str:
    """Return the file's text. ``base``: the service's address, without a slash at its end."""
    if not _PLAIN.fullmatch(base):
        message = f"{base!r} cannot stand in the file"
        raise ValueError(message)
    return _FILE.format(base=base, key=key)
