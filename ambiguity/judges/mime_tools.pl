#!/usr/bin/env perl
# What Perl's MIME::Parser shows of each message: mime_tools.pl FILE... A line of JSON for each file.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use MIME::Parser;

my $json = JSON::PP->new->latin1->canonical;

sub walk {
    my ($entity, $found) = @_;
    if ($entity->parts) {
        walk($_, $found) for $entity->parts;
        return;
    }
    my $body = $entity->bodyhandle or return;
    my $bytes = $body->as_string;
    $bytes =~ s/[\r\n]+\z//;
    push @$found, [sha256_hex($bytes), scalar $entity->head->recommended_filename];
}

for my $file (@ARGV) {
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->extract_uuencode(1);
    my @found;
    my $entity = eval { $parser->parse_open($file) };
    walk($entity, \@found) if $entity;
    print $json->encode({ file => $file, parts => \@found }), "\n";
}
