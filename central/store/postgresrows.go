package store

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// rowsAtOnce is how many rows go to the server in one message.
const rowsAtOnce = 1000

// eachAtOnce sends many rows at a time, so that a row does not cost a round trip. Inserts become one statement over arrays,
// which the server plans and logs once; others go as a batch of statements.
func eachAtOnce(ctx context.Context, tx *transaction, statement string, rows iter.Seq[[]any]) error {
	statement = tx.dialect.render(statement)
	return tx.conn.Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn()
		send := func(rows [][]any) error { return sendBatch(ctx, conn, statement, rows) }
		if valuesOfInsert.MatchString(statement) {
			insert, err := overArrays(ctx, conn, statement)
			if err != nil {
				return err
			}
			send = func(rows [][]any) error { return sendArrays(ctx, conn, insert, rows) }
		}
		for some := range chunks(rows, rowsAtOnce) {
			if err := send(some); err != nil {
				return err
			}
		}
		return nil
	})
}

func chunks(rows iter.Seq[[]any], size int) iter.Seq[[][]any] {
	return func(yield func([][]any) bool) {
		var some [][]any
		for row := range rows {
			if some = append(some, row); len(some) == size {
				if !yield(some) {
					return
				}
				some = some[:0]
			}
		}
		if len(some) > 0 {
			yield(some)
		}
	}
}

func sendBatch(ctx context.Context, conn *pgx.Conn, statement string, rows [][]any) error {
	batch := &pgx.Batch{}
	for _, row := range rows {
		batch.Queue(statement, row...)
	}
	return conn.SendBatch(ctx, batch).Close()
}

// valuesOfInsert finds the one row of an insert.
var valuesOfInsert = regexp.MustCompile(`^INSERT INTO \w+ \([\w, \n\t]+\)\s+(VALUES \((?:\$\d+(?:, )?)+\))`)

// overArrays turns INSERT … VALUES ($1, $2) … into INSERT … SELECT * FROM unnest($1::bytea[], $2::bigint[]) …, with the types
// that the server finds in the first.
func overArrays(ctx context.Context, conn *pgx.Conn, statement string) (string, error) {
	described, err := conn.Prepare(ctx, statement, statement)
	if err != nil {
		return "", err
	}
	var columns []string
	for i, oid := range described.ParamOIDs {
		t, known := conn.TypeMap().TypeForOID(oid)
		if !known {
			return "", fmt.Errorf("parameter %d has a type that is not known: %d", i+1, oid)
		}
		columns = append(columns, fmt.Sprintf("$%d::%s[]", i+1, t.Name))
	}
	at := valuesOfInsert.FindStringSubmatchIndex(statement)
	return statement[:at[2]] + "SELECT * FROM unnest(" + strings.Join(columns, ", ") + ") WHERE true" + statement[at[3]:], nil
}

func sendArrays(ctx context.Context, conn *pgx.Conn, insert string, rows [][]any) error {
	columns := make([]any, len(rows[0]))
	for i := range columns {
		column := make(pgtype.FlatArray[any], len(rows))
		for k, row := range rows {
			column[k] = row[i]
		}
		columns[i] = column
	}
	_, err := conn.Exec(ctx, insert, columns...)
	return err
}
