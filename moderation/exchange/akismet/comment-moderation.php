<?php
/*
Plugin Name: Comment moderation
Description: Has the Akismet plugin ask BASE instead of rest.akismet.com.
*/

defined( 'WPCOM_API_KEY' ) || define( 'WPCOM_API_KEY', 'KEY' );

// Akismet's plugin has no setting for its host, so where a request goes is changed in the moment it is sent.
// Before version 5.1 it could have its key in the host's name, which moves into the path.
add_action( 'requests-requests.before_request', function ( &$url, &$headers, &$data ) {
	if ( ! preg_match( '#^https?://(?:([0-9a-f]{12})\.)?rest\.akismet\.com(?::\d+)?/(.*)$#i', $url, $found ) ) {
		return;
	}
	$url = 'BASE/' . ( $found[1] ? 'k/' . $found[1] . '/' : '' ) . $found[2];
	unset( $headers['Host'] );
	if ( ! method_exists( 'Akismet_REST_API', 'receive_webhook' ) && is_string( $data ) && preg_match( '#/comment-check$#', $url ) ) {
		$data .= '&callback=' . rawurlencode( rest_url( 'akismet/v1/webhook' ) );
	}
}, 10, 3 );

// The rest does what newer versions of Akismet's plugin do themselves: hold a comment until it is decided elsewhere, and
// take in that decision. With them, none of it runs.
add_action( 'plugins_loaded', function () {
	if ( ! class_exists( 'Akismet' ) || method_exists( 'Akismet_REST_API', 'receive_webhook' ) ) {
		return;
	}

	$guid    = '';
	$is_held = false;
	add_action( 'akismet_comment_check_response', function ( $response ) use ( &$guid, &$is_held ) {
		$guid    = isset( $response[0]['x-akismet-guid'] ) ? $response[0]['x-akismet-guid'] : '';
		$is_held = isset( $response[0]['x-akismet-recheck-after'] );
	} );
	add_filter( 'pre_comment_approved', function ( $approved ) use ( &$is_held ) {
		return $is_held && '1' === (string) $approved ? 0 : $approved;
	}, 11 );
	add_action( 'wp_insert_comment', function ( $id, $comment ) use ( &$guid, &$is_held ) {
		if ( $guid ) {
			add_comment_meta( $id, 'akismet_guid', $guid );
			add_comment_meta( $id, 'comment_moderation_left', $comment->comment_approved );
		}
		$guid    = '';
		$is_held = false;
	}, 10, 2 );

	// What the plugin does when it asks again is nobody's decision either.
	add_action( 'transition_comment_status', function ( $new_status, $old_status, $comment ) {
		if ( get_comment_meta( $comment->comment_ID, 'akismet_rechecking', true ) ) {
			update_comment_meta( $comment->comment_ID, 'comment_moderation_left', $comment->comment_approved );
		}
	}, 10, 3 );

	// Does as told, unless somebody has decided here since, and approves only what the blog's own settings let pass.
	$decide = function ( $comment, $is_spam ) {
		$left = get_comment_meta( $comment->comment_ID, 'comment_moderation_left', true );
		if ( $left !== $comment->comment_approved ) {
			return;
		}
		if ( $is_spam ) {
			wp_spam_comment( $comment );
		} else {
			$passes = check_comment( $comment->comment_author, $comment->comment_author_email, $comment->comment_author_url, $comment->comment_content, $comment->comment_author_IP, $comment->comment_agent, $comment->comment_type );
			wp_set_comment_status( $comment, $passes ? 'approve' : 'hold' );
		}
		update_comment_meta( $comment->comment_ID, 'comment_moderation_left', get_comment( $comment->comment_ID )->comment_approved );
	};
	$receive = function ( $request ) use ( $decide ) {
		$answers = array();
		foreach ( (array) $request['comments'] as $news ) {
			// Without a guid, a query by it would find every comment that has one.
			if ( empty( $news['guid'] ) ) {
				continue;
			}
			$found = get_comments( array( 'status' => 'any', 'meta_key' => 'akismet_guid', 'meta_value' => $news['guid'] ) );
			foreach ( $found as $comment ) {
				$decide( $comment, 'true' === $news['result'] );
			}
			$answers[ $news['guid'] ] = $found ? array( 'status' => 'success' ) : array( 'status' => 'error', 'message' => 'Could not find matching comment.' );
		}
		return array( 'comments' => $answers );
	};
	add_action( 'rest_api_init', function () use ( $receive ) {
		register_rest_route( 'akismet/v1', '/webhook', array(
			'methods'             => 'POST',
			'callback'            => $receive,
			'permission_callback' => function ( $request ) {
				return is_string( $request['key'] ) && hash_equals( strtolower( Akismet::get_api_key() ), strtolower( $request['key'] ) );
			},
		) );
	} );
} );
