#!/usr/bin/perl
# What Debian's SpamAssassin says of messages, network and Bayes off: one line of JSON a message, sub-rules included. compare.py
# runs it and holds Tamis against it.
#
#   original.pl < LIST_OF_PATHS         hits and score of each message
#   original.pl --rules                 the rules that it compiles: kind, flags, score
#   original.pl --views < LIST_OF_PATHS the texts that its rules see, too: for whoever looks for a difference
#
# One process for all messages, as with spamd. There a pattern that has a capture of another rule in it keeps the first message's
# capture for ever; `spamassassin -L < message`, a process a message, does not, and takes an hour for a thousand messages.
use strict;
use warnings;
use File::Temp;
use JSON::PP;
use Mail::SpamAssassin;

my %want = map { /^--(views|rules)$/ ? ($1 => 1) : () } @ARGV;
my $json = JSON::PP->new->canonical->latin1;
my $home = File::Temp->newdir;
my $sa = Mail::SpamAssassin->new({
    local_tests_only => 1,
    dont_copy_prefs => 1,
    userprefs_filename => '/dev/null',
    home_dir_for_helpers => "$home",
    userstate_dir => "$home",
    rules_filename => '/usr/share/spamassassin',
    site_rules_filename => '/etc/spamassassin',
    post_config_text => "use_bayes 0\nuse_auto_welcomelist 0\n",
});
$sa->init(1);
my $conf = $sa->{conf};
$| = 1;

if ($want{rules}) {
    # Each kind by priority, but for two that have none.
    my %kind;
    for my $set (['header', 'head_tests'], ['eval', 'head_evals'], ['body', 'body_tests'], ['eval', 'body_evals'],
                 ['full', 'full_tests'], ['eval', 'full_evals'], ['rawbody', 'rawbody_tests'], ['eval', 'rawbody_evals'],
                 ['uri', 'uri_tests'], ['eval', 'uri_evals']) {
        for my $priority (values %{ $conf->{ $set->[1] } || {} }) {
            $kind{$_} = $set->[0] for keys %$priority;
        }
    }
    for my $set (['meta', 'meta_tests'], ['eval', 'rbl_evals']) {
        $kind{$_} = $set->[0] for keys %{ $conf->{ $set->[1] } || {} };
    }
    for my $rule (sort keys %kind) {
        my ($flags, $score) = ($conf->{tflags}{$rule} // '', ($conf->{scores}{$rule} // 0) + 0);
        print $json->encode({ rule => $rule, kind => $kind{$rule}, flags => $flags, score => $score }), "\n";
    }
    exit;
}

while (my $path = <STDIN>) {
    chomp $path;
    message($path);
}

sub message {
    my ($path) = @_;
    open my $file, '<:raw', $path or do { warn "$path: $!\n"; return };
    my $text = do { local $/; <$file> };
    close $file;
    my $before = (times)[0];
    my $mail = $sa->parse($text, 1);
    my $status = $sa->check($mail);
    my %hits = %{ $status->{tests_already_hit} };
    my %line = (
        path => $path,
        score => $status->get_score() + 0,
        cpu => (times)[0] - $before,
        hits => [ sort grep { $hits{$_} } keys %hits ],
    );
    if ($want{views}) {
        $line{body} = [ map { "$_" } @{ $status->get_decoded_stripped_body_text_array() } ];
        $line{rawbody} = [ map { "$_" } @{ $status->get_decoded_body_text_array() } ];
        $line{uri} = [ sort $status->get_uri_list() ];
        $line{relays} = { map { $_ => scalar $status->get("X-Spam-Relays-$_") } qw(Trusted Untrusted Internal External) };
        $line{all} = scalar $status->get('ALL');
    }
    print $json->encode(\%line), "\n";
    $status->finish;
    $mail->finish;
}
