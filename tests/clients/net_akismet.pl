# The client from Debian's libnet-akismet-perl. Plain HTTP; the key is the first label of the host.
use strict;
use warnings;
use JSON::PP;
use Net::Akismet;

my ($ham, $spam) = @{ decode_json(do { local $/; <STDIN> }) };

sub given {
    my ($fields) = @_;
    return (
        USER_IP              => $fields->{user_ip},
        COMMENT_USER_AGENT   => $fields->{user_agent},
        COMMENT_CONTENT      => $fields->{comment_content},
        COMMENT_AUTHOR       => $fields->{comment_author},
        COMMENT_AUTHOR_EMAIL => $fields->{comment_author_email},
        COMMENT_AUTHOR_URL   => $fields->{comment_author_url},
        PERMALINK            => $fields->{permalink},
        REFERRER             => $fields->{referrer},
        COMMENT_TYPE         => 'comment',
    );
}

my $bad = Net::Akismet->new(KEY => '123456789abc', URL => $ENV{BLOG});
my $client = Net::Akismet->new(KEY => $ENV{KEY}, URL => $ENV{BLOG});
my $told = {
    valid   => defined $client ? JSON::PP::true : JSON::PP::false,
    invalid => defined $bad ? JSON::PP::true : JSON::PP::false,
    checks  => [ $client->check(given($ham)), $client->check(given($spam)) ],
};
$told->{spam} = $client->spam(given($ham)) ? $client->{response} : undef;
$told->{ham}  = $client->ham(given($spam)) ? $client->{response} : undef;
print encode_json($told), "\n";
