<?php
// PDO and the pgsql extension. PHP has no threads: the program runs itself once for each client.
const CLIENTS = 12;

$checks = 0;

function equal($actual, $expected, string $what): void
{
    global $checks;
    if ($actual !== $expected) {
        throw new Exception("$what: " . var_export($actual,
            true) . ', expected ' . var_export($expected, true));
    }
    $checks++;
}

function fails(string $state, string $what, callable $attempt): void
{
    try {
        $attempt();
    } catch (PDOException $error) {
        equal((string) $error->getCode(), $state, "$what ({$error->getMessage()})");
        return;
    }
    throw new Exception("$what: succeeded, expected $state");
}

function open(array $options = [], string $more = ''): PDO
{
    $where = sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('PGHOST'), getenv('PGPORT'),
        getenv('PGDATABASE'));
    return new PDO($where . $more, getenv('PGUSER'), getenv('PGPASSWORD'),
        $options + [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_STRINGIFY_FETCHES => false]);
}

function one(PDO $db, string $sql, array $values = [])
{
    $statement = $db->prepare($sql);
    $statement->execute($values);
    return $statement->fetchColumn();
}

function work(PDO $db, int $who): void
{
    for ($turn = 0; $turn < 15; $turn++) {
        $body = "client $who turn $turn 'quoted' é";
        $id = one($db, 'INSERT INTO note (who, body) VALUES (?, ?) RETURNING id', [$who, $body]);
        $db->beginTransaction();
        equal($db->prepare('UPDATE note SET body = ? WHERE id = ?')->execute(["lost $id", $id]),
            true, 'an update');
        fails('23505', 'a duplicate',
            fn () => one($db, 'INSERT INTO note (body) VALUES (?)', ["lost $id"]));
        fails('25P02', 'a query after it', fn () => one($db, 'SELECT 1'));
        $db->rollBack();
        equal(one($db, 'SELECT body FROM note WHERE id = :id AND who = :who',
            ['id' => $id, 'who' => $who]), $body,
            'the row after ROLLBACK');
        equal($db->query("SELECT $who AS a, $turn AS b")->fetch(PDO::FETCH_NUM), [$who, $turn],
            'a simple query');
        equal((int) $db->exec("UPDATE note SET who = who WHERE id = $id"), 1,
            'rows that exec() counts');
    }
}

// PDO prepares every statement under a name of its own and sends DEALLOCATE when it is freed.
function prepared(PDO $db, int $who): void
{
    for ($turn = 0; $turn < 30; $turn++) {
        $kept = [];
        for ($kind = 0; $kind < 8; $kind++) {
            $kept[$kind] = $db->prepare("SELECT $who * 1000 + $kind + ?::int");
        }
        for ($use = 0; $use < 3; $use++) {
            foreach ($kept as $kind => $statement) {
                $statement->execute([$use]);
                equal($statement->fetchColumn(), $who * 1000 + $kind + $use,
                    'a prepared statement');
                $statement->closeCursor();
            }
        }
        $broken = $db->prepare('SELECT 1 / ?::int');
        fails('22012', 'a prepared statement that fails', fn () => $broken->execute([0]));
        $broken->execute([1]);
        equal($broken->fetchColumn(), 1, 'the same again');
    }
}

function freed(PDO $db, int $who): void
{
    $db->beginTransaction();
    for ($turn = 0; $turn < 20; $turn++) {
        equal(one($db, 'SELECT ?::int', [$who + $turn]), $who + $turn,
            'statements freed in a transaction');
    }
    $db->commit();
}

function emulated(PDO $db, int $who): void
{
    $db->setAttribute(PDO::ATTR_EMULATE_PREPARES, true);
    for ($turn = 0; $turn < 30; $turn++) {
        equal(one($db, "SELECT ? || ':' || ?", ["it's", "\\$who"]), "it's:\\$who",
            'values put into the text');
    }
    $direct = open([PDO::PGSQL_ATTR_DISABLE_PREPARES => true]);
    for ($turn = 0; $turn < 30; $turn++) {
        equal(one($direct, 'SELECT ?::int', [$who + $turn]), $who + $turn, 'the unnamed statement');
    }
}

function copies(PDO $db, int $who): void
{
    $rows = array_map(fn ($n) => "$who\t$n\tline $n", range(0, 1999));
    equal($db->pgsqlCopyFromArray('line', $rows), true, 'COPY in');
    $out = array_map('trim',
        $db->pgsqlCopyToArray("(SELECT * FROM line WHERE who = $who ORDER BY n)"));
    equal($out, $rows, 'COPY out gives what went in');
    fails('22P02', 'a bad line', fn () => $db->pgsqlCopyFromArray('line', ["x\ty\tz"]));
    equal(one($db, 'SELECT count(*)::int FROM line WHERE who = ?', [$who]), 2000,
        'a query after it');
}

// Large objects go through the protocol's FunctionCall.
function large_objects(PDO $db, int $who): void
{
    $content = str_repeat("large object of $who ", 10000);
    $db->beginTransaction();
    $number = $db->pgsqlLOBCreate();
    $stream = $db->pgsqlLOBOpen($number, 'w');
    fwrite($stream, $content);
    $stream = null;
    $db->commit();
    $db->beginTransaction();
    equal(stream_get_contents($db->pgsqlLOBOpen($number, 'r')) === $content, true,
        'a large object comes back');
    $db->pgsqlLOBUnlink($number);
    $db->commit();
}

function extension(PDO $db, int $who): void
{
    $link = pg_connect('', PGSQL_CONNECT_FORCE_NEW);
    for ($turn = 0; $turn < 20; $turn++) {
        $rows = pg_fetch_all(pg_query_params($link, 'SELECT $1::int AS who, $2::text AS t',
            [$who, "turn $turn"]));
        equal($rows, [['who' => (string) $who, 't' => "turn $turn"]], 'pg_query_params');
        pg_prepare($link, "named$turn", "SELECT $who + $turn + \$1::int");
        equal(pg_fetch_result(pg_execute($link, "named$turn", [1]), 0, 0),
            (string) ($who + $turn + 1), 'pg_execute');
        pg_send_query($link, "SELECT $who; SELECT $turn");
        equal([pg_fetch_result(pg_get_result($link), 0, 0),
            pg_fetch_result(pg_get_result($link), 0, 0)],
            [(string) $who, (string) $turn], 'two statements in one');
        equal(pg_get_result($link), false, 'no third result');
    }
    equal(pg_connection_status($link), PGSQL_CONNECTION_OK, 'the connection is whole');
}

function settings(PDO $db, int $who): void
{
    $own = open([],
        ";application_name='php $who';options='-c statement_timeout=" . (10001 + $who) . "'");
    $own->exec('SET work_mem = ' . (1001 + $who));
    $own->exec("SET TIME ZONE 'Asia/Tokyo'");
    for ($turn = 0; $turn < 8; $turn++) {
        $seen = array_map(fn ($name) => $own->query("SHOW $name")->fetchColumn(),
            ['application_name', 'statement_timeout', 'work_mem', 'TimeZone']);
        equal($seen, ["php $who", (10001 + $who) . 'ms', (1001 + $who) . 'kB', 'Asia/Tokyo'],
            'the own settings');
    }
}

const TABLES = [
    'work' => 'CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)',
    'copies' => 'CREATE TABLE line (who int, n int, body text)',
];

// One client: works, and says how much it checked.
function client(string $case, int $who): void
{
    global $checks;
    $db = open();
    $case($db, $who);
    equal(one($db, 'SELECT ?::int', [$who]), $who, 'the connection is whole');
    echo "$checks\n";
}

function all_clients(string $case): int
{
    if (isset(TABLES[$case])) {
        open()->exec(TABLES[$case]);
    }
    $clients = [];
    for ($who = 0; $who < CLIENTS; $who++) {
        $clients[] = proc_open([PHP_BINARY, __FILE__, $case, (string) $who],
            [1 => ['pipe', 'w'], 2 => STDERR], $pipes);
        $outputs[] = $pipes[1];
    }
    $sum = 0;
    foreach ($clients as $who => $client) {
        $said = (int) stream_get_contents($outputs[$who]);
        $status = proc_close($client);
        if ($status !== 0 || $said === 0) {
            throw new Exception("client $who of $case ended with $status after $said checks");
        }
        $sum += $said;
    }
    return $sum;
}

error_reporting(E_ALL & ~E_DEPRECATED);
set_error_handler(function (int $level, string $text): bool {
    if (!(error_reporting() & $level)) {
        return false;
    }
    throw new ErrorException($text);
});
if (isset($argv[2])) {
    client($argv[1], (int) $argv[2]);
} else {
    echo 'ok ', all_clients($argv[1]), " checks\n";
}
