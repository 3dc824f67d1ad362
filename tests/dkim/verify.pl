#!/usr/bin/perl
# Mail::DKIM as a judge: reads a message from standard input, takes RECORD for every key
# record, and prints the result of each signature, one a line, in its own order.
use strict;
use warnings;
use Mail::DKIM::Verifier;

package Record;
sub new { my ($class, $text) = @_; return bless { text => $text }, $class }
sub type { return 'TXT' }
sub txtdata { return $_[0]{text} }
sub char_str_list { return ($_[0]{text}) }

package main;

my $record = Record->new($ARGV[0]);
{
	no warnings 'redefine';
	*Mail::DKIM::DNS::query = sub { $@ = 'NOERROR'; return ($record) };
}
binmode STDIN;
local $/;
my $message = <STDIN>;
$message =~ s/\r?\n/\r\n/g;
my $dkim = Mail::DKIM::Verifier->new;
$dkim->PRINT($message);
$dkim->CLOSE;
print $_->result, "\n" for $dkim->signatures;
