// JDBC: twelve threads, a connection each. The first argument names the case.
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public final class Program {
  private static final int CLIENTS = 12;
  private static final AtomicInteger checks = new AtomicInteger();

  interface Work {
    void with(Connection connection, int who) throws Exception;
  }

  interface Attempt {
    void run() throws Exception;
  }

  static void equal(Object actual, Object expected, String what) {
    if (!Objects.equals(actual, expected)) {
      throw new AssertionError(what + ": " + actual + ", expected " + expected);
    }
    checks.incrementAndGet();
  }

  static void fails(String state, String what, Attempt attempt) throws Exception {
    try {
      attempt.run();
    } catch (SQLException error) {
      equal(error.getSQLState(), state, what + " (" + error.getMessage() + ")");
      return;
    }
    throw new AssertionError(what + ": succeeded, expected " + state);
  }

  // Properties are pairs of name and value.
  static Connection open(String... properties) throws SQLException {
    Map<String, String> environment = System.getenv();
    Properties all = new Properties();
    all.setProperty("user", environment.get("PGUSER"));
    all.setProperty("password", environment.get("PGPASSWORD"));
    for (int i = 0; i < properties.length; i += 2) {
      all.setProperty(properties[i], properties[i + 1]);
    }
    return DriverManager.getConnection("jdbc:postgresql://" + environment.get("PGHOST") + ":"
            + environment.get("PGPORT") + "/" + environment.get("PGDATABASE"),
        all);
  }

  // Runs the work for each of the clients at once; every connection must stay whole.
  static void together(int count, Work work, String... properties) throws Exception {
    togetherAs(count, work, who -> properties);
  }

  static void togetherAs(int count, Work work, IntFunction<String[]> properties) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    List<Future<Void>> runs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int who = i;
      Callable<Void> run = () -> {
        try (Connection connection = open(properties.apply(who))) {
          work.with(connection, who);
          equal(connection.isClosed(), false, "the connection is whole");
          equal(connection.isValid(10), true, "the connection is valid");
        }
        return null;
      };
      runs.add(threads.submit(run));
    }
    threads.shutdown();
    for (Future<Void> run : runs) {
      run.get();
    }
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static void setup(String sql) throws SQLException {
    try (Connection connection = open()) {
      execute(connection, sql);
    }
  }

  // The first column of the first row, as text.
  static String one(Connection connection, String sql, Object... parameters) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      return one(statement, parameters);
    }
  }

  static String one(PreparedStatement statement, Object... parameters) throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
    try (ResultSet rows = statement.executeQuery()) {
      rows.next();
      return rows.getString(1);
    }
  }

  static void work() throws Exception {
    setup("CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)");
    together(CLIENTS, (connection, who) -> {
      for (int turn = 0; turn < 15; turn++) {
        String body = "client " + who + " turn " + turn;
        int id = Integer.parseInt(
            one(connection, "INSERT INTO note (who, body) VALUES (?, ?) RETURNING id", who, body));
        connection.setAutoCommit(false);
        one(connection, "UPDATE note SET body = ? WHERE id = ? RETURNING id", "lost " + id, id);
        Savepoint savepoint = connection.setSavepoint();
        fails("23505", "a duplicate",
            () -> one(connection, "INSERT INTO note (body) VALUES (?) RETURNING id", "lost " + id));
        fails("25P02", "a query after it", () -> one(connection, "SELECT 1"));
        connection.rollback(savepoint);
        equal(one(connection, "SELECT body FROM note WHERE id = ?", id), "lost " + id,
            "the row after the savepoint");
        connection.rollback();
        connection.setAutoCommit(true);
        equal(one(connection, "SELECT who || body FROM note WHERE id = ?", id), who + body,
            "the row after ROLLBACK");
      }
      String wide = "ä".repeat(200000);
      equal(one(connection, "SELECT ?", wide), wide, "a wide value");
    });
  }

  // From its fifth use on a statement is prepared in the server, under the same names in all
  // clients.
  static void prepared() throws Exception {
    together(CLIENTS, (connection, who) -> {
      List<PreparedStatement> statements = new ArrayList<>();
      for (int kind = 0; kind < 10; kind++) {
        statements.add(connection.prepareStatement("SELECT " + (who * 1000 + kind) + " + ?::int"));
      }
      for (int turn = 0; turn < 12; turn++) {
        for (int kind = 0; kind < statements.size(); kind++) {
          equal(one(statements.get(kind), turn), String.valueOf(who * 1000 + kind + turn),
              "a prepared statement");
        }
      }
      equal(statements.get(0).unwrap(org.postgresql.PGStatement.class).isUseServerPrepare(), true,
          "server-prepared");
      for (PreparedStatement statement : statements) {
        statement.close();
      }
      // Past preparedStatementCacheQueries the driver closes the oldest in the server.
      for (int turn = 0; turn < 8; turn++) {
        for (int kind = 0; kind < 12; kind++) {
          equal(one(connection, "SELECT " + kind + " * 1000 + ?::int", who),
              String.valueOf(kind * 1000 + who), "more statements than the cache holds");
        }
      }
    }, "preparedStatementCacheQueries", "8");
  }

  static void batches(String... properties) throws Exception {
    setup("CREATE TABLE entry (who int, n int, body text, PRIMARY KEY (who, n))");
    together(CLIENTS, (connection, who) -> {
      connection.setAutoCommit(false);
      try (PreparedStatement insert =
               connection.prepareStatement("INSERT INTO entry VALUES (?, ?, ?)")) {
        for (int turn = 0; turn < 3; turn++) {
          for (int n = 0; n < 500; n++) {
            insert.setInt(1, who);
            insert.setInt(2, turn * 500 + n);
            insert.setString(3, "body " + n);
            insert.addBatch();
          }
          equal(insert.executeBatch().length, 500, "statements of a batch");
          connection.commit();
        }
        insert.setInt(1, who);
        insert.setInt(2, 7);
        insert.setString(3, "again");
        insert.addBatch();
        try {
          insert.executeBatch();
          throw new AssertionError("a duplicate in a batch succeeded");
        } catch (BatchUpdateException error) {
          equal(error.getSQLState(), "23505", "a duplicate in a batch");
        }
      }
      connection.rollback();
      try (Statement mixed = connection.createStatement()) {
        for (int n = 0; n < 100; n++) {
          mixed.addBatch("UPDATE entry SET body = 'mixed' WHERE who = " + who + " AND n = " + n);
        }
        int[] counts = mixed.executeBatch();
        equal(Arrays.stream(counts).sum(), 100, "rows of a batch of updates");
      }
      connection.commit();
      equal(one(connection,
                "SELECT count(*) || ',' || count(*) FILTER (WHERE body = 'mixed') FROM entry WHERE "
                + "who = ?",
                who),
          "1500,100", "rows in the end");
      connection.commit();
    }, properties);
  }

  // autosave sets a savepoint before every statement, so that an error does not end a transaction.
  static void autosave() throws Exception {
    together(CLIENTS, (connection, who) -> {
      connection.setAutoCommit(false);
      for (int turn = 0; turn < 8; turn++) {
        String text = "client " + who + " turn " + turn;
        equal(one(connection, "SELECT ?", text), text, "before the error");
        fails("22012", "an error in a transaction", () -> one(connection, "SELECT 1 / ?::int", 0));
        equal(one(connection, "SELECT ?", text), text, "the transaction goes on");
        if (turn % 2 == 0) {
          connection.commit();
        }
      }
      connection.rollback();
    }, "autosave", "always");
  }

  // With autosave the driver prepares anew what became stale, in the same transaction.
  static void stale() throws Exception {
    together(CLIENTS, (connection, who) -> {
      execute(connection, "CREATE TABLE changing" + who + " (a int)");
      execute(connection, "INSERT INTO changing" + who + " VALUES (" + who + ")");
      connection.setAutoCommit(false);
      try (PreparedStatement statement =
               connection.prepareStatement("SELECT * FROM changing" + who)) {
        for (int turn = 0; turn < 8; turn++) {
          equal(one(statement), String.valueOf(who), "before ALTER TABLE");
        }
        execute(connection, "ALTER TABLE changing" + who + " ADD COLUMN b int DEFAULT 5");
        try (ResultSet rows = statement.executeQuery()) {
          rows.next();
          equal(rows.getMetaData().getColumnCount(), 2, "columns after ALTER TABLE");
          equal(rows.getInt(2), 5, "the new column");
        }
      }
      connection.commit();
    }, "autosave", "conservative");
  }

  static void fetchSize() throws Exception {
    together(CLIENTS, (connection, who) -> {
      connection.setAutoCommit(false);
      for (int turn = 0; turn < 7; turn++) {
        try (PreparedStatement statement =
                 connection.prepareStatement("SELECT ?::int, i FROM generate_series(1, 1000) i")) {
          statement.setFetchSize(90);
          statement.setInt(1, who);
          int next = 0;
          try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              next++;
              if (rows.getInt(1) != who || rows.getInt(2) != next) {
                throw new AssertionError(
                    "row " + next + " is another's: " + rows.getInt(1) + " " + rows.getInt(2));
              }
              if (next == 450) {
                equal(
                    one(connection, "SELECT ?::int", who), String.valueOf(who), "a query between");
              }
            }
          }
          equal(next, 1000, "rows of the cursor");
        }
        connection.commit();
      }
    });
  }

  // No more clients than servers, so that no timeout passes while a client waits for its server.
  static void cancel() throws Exception {
    together(3, (connection, who) -> {
      for (int turn = 0; turn < 2; turn++) {
        equal(one(connection, "SELECT ?::int", who), String.valueOf(who), "a query before");
        if (who > 0) {
          try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            fails("57014", "a query over its timeout",
                () -> statement.execute("SELECT pg_sleep(60)"));
          }
        } else {
          equal(one(connection, "SELECT ?::int FROM pg_sleep(1.5)", who), String.valueOf(who),
              "a query nobody cancels");
        }
        equal(one(connection, "SELECT ?::int", who), String.valueOf(who), "the next query");
      }
    });
  }

  static void copy() throws Exception {
    setup("CREATE TABLE line (who int, n int)");
    together(CLIENTS, (connection, who) -> {
      CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
      StringBuilder lines = new StringBuilder();
      for (int n = 0; n < 5000; n++) {
        lines.append(who).append('\t').append(n).append('\n');
      }
      equal(copy.copyIn("COPY line FROM STDIN", new StringReader(lines.toString())), 5000L,
          "lines copied in");
      StringWriter out = new StringWriter();
      copy.copyOut("COPY (SELECT * FROM line WHERE who = " + who + " ORDER BY n) TO STDOUT", out);
      equal(out.toString(), lines.toString(), "COPY out gives what went in");
      fails("22P02", "a bad line",
          () -> copy.copyIn("COPY line FROM STDIN", new StringReader("1\tx\n")));
      equal(one(connection, "SELECT count(*) FROM line WHERE who = ?", who), "5000",
          "a query after it");
    });
  }

  static void settings() throws Exception {
    togetherAs(CLIENTS,
        (connection, who)
            -> {
          connection.setReadOnly(who % 2 == 0);
          connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
          execute(connection, "SET work_mem = '" + (1001 + who) + "kB'");
          for (int turn = 0; turn < 8; turn++) {
            equal(one(connection, "SHOW application_name"), "jdbc " + who, "application_name");
            equal(one(connection, "SHOW statement_timeout"), (10001 + who) + "ms",
                "statement_timeout");
            equal(one(connection, "SHOW search_path"), "own" + who, "search_path");
            equal(one(connection, "SHOW work_mem"), (1001 + who) + "kB", "SET");
            equal(
                one(connection, "SHOW transaction_isolation"), "repeatable read", "the isolation");
            equal(one(connection, "SHOW TimeZone"), "Asia/Tokyo", "the program's time zone");
          }
          connection.setClientInfo("ApplicationName", "renamed " + who);
          for (int turn = 0; turn < 4; turn++) {
            equal(one(connection, "SHOW application_name"), "renamed " + who,
                "the new application_name");
          }
        },
        who
        -> new String[] {"ApplicationName", "jdbc " + who, "currentSchema", "own" + who, "options",
            "-c statement_timeout=" + (10001 + who)});
  }

  static void console() throws Exception {
    try (Connection connection = open(); Statement statement = connection.createStatement()) {
      for (int turn = 0; turn < 8; turn++) { // prepared, and then in binary, from the fifth on
        try (PreparedStatement shown = connection.prepareStatement("SHOW POOLS");
            ResultSet rows = shown.executeQuery()) {
          equal(rows.next(), true, "a pool");
          equal(rows.getInt("cl_waiting"), 0, "clients that wait");
        }
      }
      try (ResultSet rows = statement.executeQuery("SHOW STATS")) {
        equal(rows.next(), true, "a database");
        equal(rows.getBigDecimal("total_xact_count").signum() >= 0, true, "a numeric");
      }
      equal(connection.isValid(5), true, "the connection lives");
      fails("08P01", "a wrong command", () -> statement.execute("SHOW nothing at all"));
      equal(statement.execute("RELOAD"), false, "a command without rows");
    }
  }

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "work" -> work();
      case "prepared" -> prepared();
      case "batches" -> batches();
      case "rewritten" -> batches("reWriteBatchedInserts", "true");
      case "autosave" -> autosave();
      case "stale" -> stale();
      case "fetch_size" -> fetchSize();
      case "cancel" -> cancel();
      case "copy" -> copy();
      case "settings" -> settings();
      case "console" -> console();
      default -> throw new IllegalArgumentException("no case " + arguments[0]);
    }
    if (checks.get() == 0) {
      throw new AssertionError("the case checked nothing");
    }
    System.out.println("ok " + checks.get() + " checks");
  }
}
