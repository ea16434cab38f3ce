#!/usr/bin/perl
# DBD::Pg, which prepares statements in the server as dbdpg_p<pid>_<n> and sends DEALLOCATE for
# them. Every client is a process; the first argument names the case.
use strict;
use warnings;
use DBI;
use DBD::Pg qw(:pg_types :async);

use constant CLIENTS => 12;

my $checks = 0;

sub show { defined $_[0] ? "'$_[0]'" : 'undef' }

sub equal {
    my ($actual, $expected, $what) = @_;
    my ($a, $b) = (show($actual), show($expected));
    die "$what: $a, expected $b\n" if $a ne $b;
    $checks++;
}

sub fails {
    my ($state, $what, $attempt) = @_;
    die "$what: succeeded, expected $state\n" if eval { $attempt->(); 1 };
    equal($DBI::state, $state, "$what ($@)");
}

sub connect_as {
    my ($more) = @_;
    my $where = "dbi:Pg:dbname=$ENV{PGDATABASE}" . ($more // '');
    return DBI->connect($where, '', '',
        { RaiseError => 1, PrintError => 0, AutoCommit => 1, PrintWarn => 0 });
}

sub one {
    my ($db, $sql, @values) = @_;
    return scalar $db->selectrow_array($sql, undef, @values);
}

sub work {
    my ($db, $who) = @_;
    for my $turn (0 .. 14) {
        my $body = "client $who turn $turn 'quoted' \\";
        my $id = one($db, 'INSERT INTO note (who, body) VALUES (?, ?) RETURNING id', $who, $body);
        $db->begin_work;
        $db->do('UPDATE note SET body = ? WHERE id = ?', undef, "lost $id", $id);
        $db->pg_savepoint('here');
        fails('23505', 'a duplicate',
            sub { $db->do('INSERT INTO note (body) VALUES (?)', undef, "lost $id") });
        $db->pg_rollback_to('here');
        equal(one($db, 'SELECT body FROM note WHERE id = ?', $id), "lost $id",
            'the row after the savepoint');
        $db->rollback;
        equal(one($db, 'SELECT body FROM note WHERE id = ? AND who = ?', $id, $who), $body,
            'the row after ROLLBACK');
        equal($db->ping, 1, 'ping');
    }
}

sub prepared {
    my ($db, $who) = @_;
    for my $turn (1 .. 10) {
        my @kept = map { $db->prepare("SELECT $who * 1000 + $_ + ?::int") } 0 .. 7;
        for my $use (1 .. 4) {
            for my $kind (0 .. 7) {
                $kept[$kind]->execute($use);
                equal(($kept[$kind]->fetchrow_array)[0], $who * 1000 + $kind + $use,
                    'a prepared statement');
                $kept[$kind]->finish;
            }
        }
        my $now = $db->prepare('SELECT ?::text', { pg_prepare_now => 1 });
        $now->execute("client $who");
        equal(($now->fetchrow_array)[0], "client $who", 'a statement prepared at once');
        $now->finish;
        my $broken = $db->prepare('SELECT 1 / ?::int');
        fails('22012', 'a prepared statement that fails', sub { $broken->execute(0) }) for 1 .. 3;
        $broken->execute(1);
        equal(($broken->fetchrow_array)[0], 1, 'the same again');
        $broken->finish;
    }
}

sub copy {
    my ($db, $who) = @_;
    my @lines = map { "$who\t$_\tline $_\n" } 0 .. 1999;
    $db->do('COPY line FROM STDIN');
    $db->pg_putcopydata($_) for @lines;
    $db->pg_putcopyend;
    $db->do("COPY (SELECT * FROM line WHERE who = $who ORDER BY n) TO STDOUT");
    my @seen;
    my $line = '';
    push @seen, $line while $db->pg_getcopydata($line) >= 0;
    equal(join('', @seen), join('', @lines), 'COPY out gives what went in');
    $db->do('COPY line FROM STDIN');
    $db->pg_putcopydata("x\ty\tz\n");
    fails('22P02', 'a bad line', sub { $db->pg_putcopyend });
    equal(one($db, 'SELECT count(*) FROM line WHERE who = ?', $who), 2000, 'a query after it');
}

sub large_objects {
    my ($db, $who) = @_;
    my $content = "large object of $who " x 3000;
    $db->begin_work;
    my $number = $db->pg_lo_creat($db->{pg_INV_WRITE});
    my $opened = $db->pg_lo_open($number, $db->{pg_INV_WRITE});
    equal($db->pg_lo_write($opened, $content, length $content), length $content, 'bytes written');
    $db->pg_lo_close($opened);
    $db->commit;
    $db->begin_work;
    $opened = $db->pg_lo_open($number, $db->{pg_INV_READ});
    $db->pg_lo_read($opened, my $read, length $content);
    equal($read, $content, 'a large object comes back');
    $db->pg_lo_unlink($number);
    $db->commit;
}

sub asynchronous {
    my ($db, $who) = @_;
    for my $turn (0 .. 4) {
        $db->do("SELECT pg_sleep(0.05), $turn", { pg_async => PG_ASYNC });
        select undef, undef, undef, 0.02 until $db->pg_ready;
        equal($db->pg_result, 1, 'rows of an asynchronous query');
    }
}

# Two queries are cancelled while they run; the connections that watch them must not notice.
sub cancel {
    my ($db, $who) = @_;
    return if $who > 1;
    my $watching = connect_as();
    my $slow = "SELECT pg_sleep(60) /* slow $who */";
    for my $turn (0 .. 2) {
        $db->do($slow, { pg_async => PG_ASYNC });
        select undef, undef, undef, 0.05 until $watching->selectrow_array(
            "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = '$slow'");
        equal($db->pg_cancel, 1, 'an asynchronous query cancelled');
        equal(one($db, 'SELECT ?::int', $who), $who, 'a query after it');
    }
    $watching->disconnect;
}

sub settings {
    my (undef, $who) = @_;
    my $timeout = 10001 + $who;
    my $db = connect_as(";application_name=perl$who;options=-cstatement_timeout=$timeout");
    $db->do('SET work_mem = ' . (1001 + $who));
    for (1 .. 8) {
        equal(one($db, 'SHOW application_name'), "perl$who", 'application_name');
        equal(one($db, 'SHOW statement_timeout'), "${timeout}ms", 'statement_timeout');
        equal(one($db, 'SHOW work_mem'), (1001 + $who) . 'kB', 'SET');
    }
    $db->disconnect;
}

my %tables = (
    work => 'CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)',
    copy => 'CREATE TABLE line (who int, n int, body text)',
);
my %cases = (
    work => \&work, prepared => \&prepared, copy => \&copy, large_objects => \&large_objects,
    asynchronous => \&asynchronous, cancel => \&cancel, settings => \&settings,
);

# A client in a process of its own; the handle reads how much it checked.
sub start_client {
    my ($case, $who) = @_;
    my $pid = open(my $said, '-|') // die "fork: $!\n";
    return $said if $pid;
    my $db = connect_as();
    $case->($db, $who);
    equal(one($db, 'SELECT ?::int', $who), $who, 'the connection is whole');
    $db->disconnect;
    print "$checks\n";
    exit 0;
}

my $name = shift @ARGV;
my $case = $cases{$name} // die "no case $name\n";
if ($tables{$name}) {
    my $db = connect_as();
    $db->do($tables{$name});
    $db->disconnect;
}
my @clients = map { start_client($case, $_) } 0 .. CLIENTS - 1;
my $sum = 0;
for my $who (0 .. $#clients) {
    my $said = readline $clients[$who];
    close $clients[$who] or die "client $who of $name failed\n";
    $sum += $said;
}
print "ok $sum checks\n";
