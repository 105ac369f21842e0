#!/usr/bin/perl
# What the Bayes of Debian's SpamAssassin says, learned into a database of its own: a peer of bayes.py, which runs it. No rules, no
# network; of its stock settings those that Bayes looks at: words and header fields to leave out, endings that a link may have. With
# all rules it says the same, and takes several times as long.
#
#   spamassassin.pl FOLDER < LINES
#
# A line is `ham PATH` or `spam PATH`, which learns, or `score PATH`, which prints the path and the probability of spam; 0.5 where
# Bayes does not say anything. One process for all messages, as with spamd; all that is learned stands before what is scored.
use strict;
use warnings;
use Mail::SpamAssassin;

my $home = shift or die "usage: spamassassin.pl FOLDER < LINES\n";
my $text = "loadplugin Mail::SpamAssassin::Plugin::Check\nloadplugin Mail::SpamAssassin::Plugin::Bayes\n";
for my $name (qw(10_default_prefs.cf 20_aux_tlds.cf 23_bayes.cf 60_bayes_stopwords.cf 72_active.cf)) {
    open my $file, '<', "/usr/share/spamassassin/$name" or die "$name: $!; apt-get install spamassassin\n";
    # Beside its rules, the last has the header fields that Bayes ignores.
    $text .= join '', grep { $name ne '72_active.cf' or /^bayes_/ } <$file>;
}
# Nothing expires: it goes by the age of mail, and all of this is old.
$text .= "use_bayes 1\nuse_bayes_rules 1\nbayes_path $home/bayes\nbayes_auto_learn 0\nbayes_auto_expire 0\nbayes_learn_to_journal 0\n"
    . "bayes_journal_max_size 0\nbayes_min_ham_num 1\nbayes_min_spam_num 1\n";
my $sa = Mail::SpamAssassin->new({
    local_tests_only => 1,
    dont_copy_prefs => 1,
    home_dir_for_helpers => $home,
    userstate_dir => $home,
    config_text => $text,
});
$sa->init(1);
$sa->init_learner({ caller_will_untie => 1, wait_for_lock => 1 });
my $learns = 1;

while (my $line = <STDIN>) {
    chomp $line;
    my ($what, $path) = split / /, $line, 2;
    open my $file, '<:raw', $path or die "$path: $!\n";
    my $mail = $sa->parse(do { local $/; <$file> }, 1);
    close $file;
    if ($what eq 'score') {
        $sa->finish_learner() if $learns;
        $learns = 0;
        my $status = $sa->check($mail);
        printf "%s %.17g\n", $path, $status->{bayes_score} // 0.5;
        $status->finish;
    } else {
        # An undefined identifier: SpamAssassin makes it from the message.
        $sa->learn($mail, undef, $what eq 'spam' ? 1 : 0, 0)->finish;
    }
    $mail->finish;
}
$sa->finish_learner() if $learns;
