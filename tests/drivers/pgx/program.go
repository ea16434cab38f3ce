// pgx 4: its cache of prepared statements, batches, COPY. The first argument names the case.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
)

const clients = 12

var (
	checks     int64
	background = context.Background()
)

func equal(actual, expected interface{}, what string) {
	if !reflect.DeepEqual(actual, expected) {
		log.Panicf("%s: %v, expected %v", what, actual, expected)
	}
	atomic.AddInt64(&checks, 1)
}

func fails(err error, state, what string) {
	var seen *pgconn.PgError
	if !errors.As(err, &seen) || seen.Code != state {
		log.Panicf("%s: %v, expected %s", what, err, state)
	}
	atomic.AddInt64(&checks, 1)
}

func must(err error) {
	if err != nil {
		log.Panic(err)
	}
}

func open(change func(*pgx.ConnConfig)) *pgx.Conn {
	config, err := pgx.ParseConfig("")
	must(err)
	if change != nil {
		change(config)
	}
	db, err := pgx.ConnectConfig(background, config)
	must(err)
	return db
}

func execute(db *pgx.Conn, sql string, values ...interface{}) {
	_, err := db.Exec(background, sql, values...)
	must(err)
}

func setup(sql string) {
	db := open(nil)
	execute(db, sql)
	must(db.Close(background))
}

func number(db *pgx.Conn, sql string, values ...interface{}) (found int) {
	must(db.QueryRow(background, sql, values...).Scan(&found))
	return
}

func text(db *pgx.Conn, sql string, values ...interface{}) (found string) {
	must(db.QueryRow(background, sql, values...).Scan(&found))
	return
}

// Runs the work for each of the clients at once; every connection must stay whole.
func together(count int, change func(int, *pgx.ConnConfig), work func(*pgx.Conn, int)) {
	var group sync.WaitGroup
	for who := 0; who < count; who++ {
		group.Add(1)
		go func(who int) {
			defer group.Done()
			db := open(func(config *pgx.ConnConfig) {
				if change != nil {
					change(who, config)
				}
			})
			work(db, who)
			equal(db.IsClosed(), false, "the connection is whole")
			must(db.Close(background))
		}(who)
	}
	group.Wait()
}

func work() {
	setup("CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)")
	together(clients, nil, func(db *pgx.Conn, who int) {
		for turn := 0; turn < 15; turn++ {
			body := fmt.Sprintf("client %d turn %d", who, turn)
			id := number(db, "INSERT INTO note (who, body) VALUES ($1, $2) RETURNING id", who, body)
			tx, err := db.Begin(background)
			must(err)
			_, err = tx.Exec(background, "UPDATE note SET body = $1 WHERE id = $2",
				fmt.Sprint("lost ", id), id)
			must(err)
			inner, err := tx.Begin(background)
			must(err)
			_, err = inner.Exec(background, "INSERT INTO note (body) VALUES ($1)",
				fmt.Sprint("lost ", id))
			fails(err, "23505", "a duplicate")
			must(inner.Rollback(background))
			must(tx.Rollback(background))
			equal(text(db, "SELECT body FROM note WHERE id = $1 AND who = $2", id, who), body,
				"the row after ROLLBACK")
		}
	})
}

// Every statement is prepared under a name that is the same in all clients.
func prepared(change func(int, *pgx.ConnConfig)) {
	together(clients, change, func(db *pgx.Conn, who int) {
		_, err := db.Prepare(background, "same", fmt.Sprintf("SELECT %d + $1::int", who*1000))
		must(err)
		for turn := 0; turn < 10; turn++ {
			equal(number(db, "same", turn), who*1000+turn, "a named statement")
			for kind := 0; kind < 30; kind++ {
				equal(number(db, fmt.Sprintf("SELECT %d + $1::int", kind), who), kind+who,
					"a cached statement")
			}
		}
		_, err = db.Exec(background, "SELECT 1 / $1::int", 0)
		fails(err, "22012", "a prepared statement that fails")
		equal(number(db, "same", 1), who*1000+1, "a statement after it")
	})
}

// pgx deallocates with SQL what it prepared by the protocol.
func deallocate() {
	together(clients, nil, func(db *pgx.Conn, who int) {
		for turn := 0; turn < 20; turn++ {
			sql := fmt.Sprintf("SELECT %d + $1::int", who*1000+turn)
			_, err := db.Prepare(background, "same", sql)
			must(err)
			equal(number(db, "same", 1), who*1000+turn+1, "a statement of a name used again")
			must(db.Deallocate(background, "same"))
		}
	})
}

func batches() {
	setup("CREATE TABLE entry (who int, n int)")
	together(clients, nil, func(db *pgx.Conn, who int) {
		for turn := 0; turn < 5; turn++ {
			batch := &pgx.Batch{}
			for n := 0; n < 100; n++ {
				batch.Queue("INSERT INTO entry VALUES ($1, $2) RETURNING n", who, turn*100+n)
			}
			results := db.SendBatch(background, batch)
			for n := 0; n < 100; n++ {
				var seen int
				must(results.QueryRow().Scan(&seen))
				equal(seen, turn*100+n, "an answer of a batch")
			}
			must(results.Close())
			broken := &pgx.Batch{}
			broken.Queue("INSERT INTO entry VALUES ($1, -1)", who)
			broken.Queue("SELECT 1 / $1::int", 0)
			broken.Queue("INSERT INTO entry VALUES ($1, -2)", who)
			fails(db.SendBatch(background, broken).Close(), "22012", "a batch that fails")
		}
		equal(number(db, "SELECT count(*) FROM entry WHERE who = $1", who), 500, "entries")
	})
}

func copies() {
	setup("CREATE TABLE line (who int, n int, body text)")
	together(clients, nil, func(db *pgx.Conn, who int) {
		rows := [][]interface{}{}
		for n := 0; n < 3000; n++ {
			rows = append(rows, []interface{}{int32(who), int32(n), fmt.Sprint("line ", n)})
		}
		count, err := db.CopyFrom(background, pgx.Identifier{"line"}, []string{"who", "n", "body"},
			pgx.CopyFromRows(rows))
		must(err)
		equal(count, int64(3000), "lines copied")
		sql := "SELECT n, body FROM line WHERE who = $1 ORDER BY n"
		found, err := db.Query(background, sql, who)
		must(err)
		seen := 0
		for found.Next() {
			var n int
			var body string
			must(found.Scan(&n, &body))
			if n != seen || body != fmt.Sprint("line ", n) {
				log.Panicf("line %d is %d %s", seen, n, body)
			}
			seen++
		}
		must(found.Err())
		equal(seen, 3000, "lines found")
	})
}

// Two queries are cancelled while they run; the connections that watch them must not notice.
func cancel() {
	together(2, nil, func(db *pgx.Conn, who int) {
		watching := open(nil)
		slow := fmt.Sprintf("SELECT pg_sleep(60) /* slow %d */", who)
		for turn := 0; turn < 3; turn++ {
			ended := make(chan error)
			go func() {
				_, err := db.Exec(background, slow)
				ended <- err
			}()
			for number(watching,
				"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1", slow) == 0 {
				time.Sleep(50 * time.Millisecond)
			}
			must(db.PgConn().CancelRequest(background))
			fails(<-ended, "57014", "a cancelled query")
			equal(number(db, "SELECT $1::int", who), who, "the next query")
		}
		must(watching.Close(background))
	})
}

func settings() {
	together(clients, func(who int, config *pgx.ConnConfig) {
		config.RuntimeParams["application_name"] = fmt.Sprint("go ", who)
		config.RuntimeParams["statement_timeout"] = fmt.Sprint(10001 + who)
		config.RuntimeParams["search_path"] = fmt.Sprint("own", who)
	}, func(db *pgx.Conn, who int) {
		execute(db, fmt.Sprintf("SET work_mem = '%dkB'", 1001+who))
		for turn := 0; turn < 8; turn++ {
			equal(text(db, "SHOW application_name"), fmt.Sprint("go ", who), "application_name")
			equal(text(db, "SHOW statement_timeout"), fmt.Sprint(10001+who, "ms"),
				"statement_timeout")
			equal(text(db, "SHOW search_path"), fmt.Sprint("own", who), "search_path")
			equal(text(db, "SHOW work_mem"), fmt.Sprintf("%dkB", 1001+who), "SET")
		}
	})
}

func main() {
	cases := map[string]func(){
		"work":     work,
		"prepared": func() { prepared(nil) },
		"simple": func() {
			prepared(func(_ int, config *pgx.ConnConfig) { config.PreferSimpleProtocol = true })
		},
		"deallocate": deallocate,
		"batches":    batches,
		"copies":     copies,
		"cancel":     cancel,
		"settings":   settings,
	}
	cases[os.Args[1]]()
	if checks == 0 {
		log.Panic("the case checked nothing")
	}
	fmt.Printf("ok %d checks\n", checks)
}
