# ruby-pg: twelve threads, a connection each. The first argument names the case.
require 'pg'

CLIENTS = 12
$checks = 0
LOCK = Mutex.new

def equal(actual, expected, what)
  raise "#{what}: #{actual.inspect}, expected #{expected.inspect}" unless actual == expected

  LOCK.synchronize { $checks += 1 }
end

def fails(state, what)
  yield
rescue PG::Error => error
  equal(error.result&.error_field(PG::PG_DIAG_SQLSTATE), state, "#{what} (#{error.message})")
else
  raise "#{what}: succeeded, expected #{state}"
end

# Runs the block for each of the clients at once; every connection must stay whole.
def together(count = CLIENTS, **options)
  threads = Array.new(count) do |who|
    Thread.new do
      PG.connect(**options) do |db|
        db.set_notice_processor { |_| }
        yield db, who
        equal(db.status, PG::CONNECTION_OK, 'the connection is whole')
      end
    end
  end
  threads.each { |thread| thread.report_on_exception = false }
  threads.each(&:join)
end

def setup(sql)
  PG.connect { |db| db.exec(sql) }
end

def one(db, sql, *values)
  db.exec_params(sql, values).getvalue(0, 0)
end

def work
  setup('CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)')
  together do |db, who|
    15.times do |turn|
      body = "client #{who} turn #{turn}"
      id = one(db, 'INSERT INTO note (who, body) VALUES ($1, $2) RETURNING id', who, body)
      begin
        db.transaction do
          db.exec_params('UPDATE note SET body = $1 WHERE id = $2', ["lost #{id}", id])
          fails('23505',
            'a duplicate') { db.exec_params('INSERT INTO note (body) VALUES ($1)', ["lost #{id}"]) }
          fails('25P02', 'a query after it') { db.exec('SELECT 1') }
          raise ArgumentError
        end
      rescue ArgumentError
        equal(db.transaction_status, PG::PQTRANS_IDLE, 'the transaction is over')
      end
      equal(one(db, 'SELECT body FROM note WHERE id = $1 AND who = $2', id, who), body,
        'the row after ROLLBACK')
    end
  end
end

def prepared
  together do |db, who|
    10.times { |kind| db.prepare("same#{kind}", "SELECT #{who} * 1000 + #{kind} + $1::int") }
    10.times do |turn|
      10.times do |kind|
        equal(db.exec_prepared("same#{kind}", [turn]).getvalue(0, 0).to_i, who * 1000 + kind + turn,
          'a prepared statement')
      end
    end
    equal(db.describe_prepared('same3').ftype(0), 23, 'the type of a described statement')
  end
end

# Wrong names are errors like others: the session goes on.
def names
  together do |db, who|
    db.prepare('own', "SELECT #{who} + $1::int")
    10.times do |turn|
      fails('42P05', 'a name twice') { db.prepare('own', 'SELECT 2') }
      fails('26000', 'an unknown name') { db.exec_prepared('unknown', []) }
      fails('42601', 'a statement that does not parse') { db.prepare("bad#{turn}", 'SELEC 1') }
      fails('26000', 'its name') { db.exec_prepared("bad#{turn}", []) }
      equal(db.exec_prepared('own', [turn]).getvalue(0, 0).to_i, who + turn,
        'a statement after the errors')
    end
  end
end

# The unnamed statement lives until the next one, not until the end of its transaction.
def unnamed
  together do |db, who|
    20.times do |turn|
      db.prepare('', "SELECT 'unnamed #{who}', #{turn} + $1::int")
      sleep 0.002
      equal(db.exec_prepared('', [1]).values, [["unnamed #{who}", (turn + 1).to_s]],
        'the unnamed statement')
    end
  end
end

def deallocate
  together do |db, who|
    20.times do |turn|
      db.prepare('brief', "SELECT #{who} + #{turn} + $1::int")
      equal(db.exec_prepared('brief', [1]).getvalue(0, 0).to_i, who + turn + 1,
        'a statement of a name used again')
      db.exec('DEALLOCATE brief')
      fails('26000', 'a statement after DEALLOCATE') { db.exec_prepared('brief', [1]) }
    end
  end
end

def pipelines
  together do |db, who|
    10.times do |turn|
      db.enter_pipeline_mode
      40.times do |n|
        if n == 20 then db.send_query_params('SELECT 1 / $1::int', [0])
        else db.send_query_params('SELECT $1::int + $2::int', [who, n])
        end
      end
      db.pipeline_sync
      db.send_query_params('SELECT $1::text', ["turn #{turn}"])
      db.pipeline_sync
      40.times do |n|
        result = db.get_result
        if n < 20 then equal(result.getvalue(0, 0).to_i, who + n, 'the own answer')
        else equal(result.result_status,
          n == 20 ? PG::PGRES_FATAL_ERROR : PG::PGRES_PIPELINE_ABORTED, 'the error and after')
        end
        equal(db.get_result, nil, 'the end of one answer')
      end
      equal(db.get_result.result_status, PG::PGRES_PIPELINE_SYNC, 'the first Sync')
      equal(db.get_result.getvalue(0, 0), "turn #{turn}", 'the pipeline goes on after Sync')
      equal(db.get_result, nil, 'the end of the answer')
      equal(db.get_result.result_status, PG::PGRES_PIPELINE_SYNC, 'the second Sync')
      db.exit_pipeline_mode
    end
  end
end

def copy
  setup('CREATE TABLE line (who int, n int)')
  together do |db, who|
    lines = Array.new(2000) { |n| "#{who}\t#{n}\n" }
    db.copy_data('COPY line FROM STDIN') { lines.each { |line| db.put_copy_data(line) } }
    seen = []
    db.copy_data("COPY (SELECT * FROM line WHERE who = #{who} ORDER BY n) TO STDOUT") do
      while (line = db.get_copy_data) do seen << line end
    end
    equal(seen, lines, 'COPY out gives what went in')
    fails('22P02',
      'a bad line') { db.copy_data('COPY line FROM STDIN') { db.put_copy_data("1\tx\n") } }
    equal(one(db, 'SELECT count(*) FROM line WHERE who = $1', who), '2000', 'a query after it')
  end
end

def streams
  together do |db, who|
    5.times do
      db.send_query_params('SELECT $1::int, i FROM generate_series(1, 400) i', [who])
      db.set_single_row_mode
      equal(db.get_result.stream_each_row.to_a, Array.new(400) { |i| [who.to_s, (i + 1).to_s] },
        'rows one by one')
      equal(db.get_result, nil, 'the end of the stream')
    end
  end
end

# Two queries are cancelled while they run; the connections that watch them must not notice.
def cancel
  together(2) do |db, who|
    PG.connect do |watching|
      3.times do
        db.send_query("SELECT pg_sleep(60) /* slow #{who} */")
        sleep 0.05 until watching.exec(<<~SQL).ntuples == 1
          SELECT 1 FROM pg_stat_activity WHERE state = 'active'
            AND query LIKE '%60) /* slow #{who} */'
        SQL
        db.cancel
        fails('57014', 'a cancelled query') { db.get_last_result }
        equal(one(db, 'SELECT $1::int', who), who.to_s, 'the next query')
      end
    end
  end
end

def settings
  threads = Array.new(CLIENTS) do |who|
    Thread.new do
      db = PG.connect(application_name: "ruby #{who}",
        options: "-c statement_timeout=#{10_001 + who}")
      db.exec("SET work_mem = #{1001 + who}")
      8.times do
        seen = %w[application_name statement_timeout work_mem].map do |name|
          db.exec("SHOW #{name}").getvalue(0, 0)
        end
        equal(seen, ["ruby #{who}", "#{10_001 + who}ms", "#{1001 + who}kB"], 'the own settings')
      end
      db.close
    end
  end
  threads.each { |thread| thread.report_on_exception = false }
  threads.each(&:join)
end

CASES = %w[work prepared names unnamed deallocate pipelines copy streams cancel settings].freeze
raise "no case #{ARGV[0]}" unless CASES.include?(ARGV[0])

send(ARGV[0])
raise 'the case checked nothing' if $checks.zero?

puts "ok #{$checks} checks"
