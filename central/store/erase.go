package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/proof"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// Why somebody is not erased.
var (
	ErrNobody     = errors.New("no such student is on file")
	ErrStillAhead = errors.New("some of the student's taps are here ahead of others that are missing; wait until the backlog is in, or they would come again")
	ErrDisproved  = errors.New("a record is not what it committed to: verify an export and find out why before anything is destroyed")
)

// Erased is what an erasure destroys, or would.
type Erased struct {
	Records   int   // taps: octets, salt and row; what they commit to stays
	Rows      int64 // of everything else that is kept of the student
	Sponsored bool  // the student is marked as holding a visa
}

// errRehearsed undoes a transaction that was only to be counted.
var errRehearsed = errors.New("rehearsed")

// WouldErase counts what Erase would destroy.
func (s *Store) WouldErase(ctx context.Context, student string) (Erased, error) {
	var counted Erased
	err := s.transact(ctx, func(tx *transaction) (err error) {
		if counted, err = eraseStudent(ctx, tx, student, proof.Erasure{}); err == nil {
			err = errRehearsed
		}
		return err
	})
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return counted, err
}

// Erase destroys everything that is kept of a student, for good. Of each tap with one of the student's cards the octets go, and
// the salt in them; number and commitment stay, so that every tree, seal and proof of others' taps stands. That it was done is
// noted without a word of whom. Freed pages of an SQLite file are overwritten, and its log is emptied.
func (s *Store) Erase(ctx context.Context, student string, e proof.Erasure) (Erased, error) {
	var done Erased
	err := s.dialect.thoroughly(ctx, s, func(ctx context.Context) error {
		return s.transact(ctx, func(tx *transaction) (err error) {
			done, err = eraseStudent(ctx, tx, student, e)
			return err
		})
	})
	if err == nil {
		s.timetable.forget()
	}
	return done, err
}

func eraseStudent(ctx context.Context, tx *transaction, student string, e proof.Erasure) (done Erased, err error) {
	var name string
	err = tx.QueryRowContext(ctx, `SELECT name, visa FROM student WHERE id = $1`, student).Scan(&name, &done.Sponsored)
	if errors.Is(err, sql.ErrNoRows) {
		return done, ErrNobody
	}
	if err != nil {
		return done, fmt.Errorf("read student: %w", err)
	}
	if e.Records, err = eraseTaps(ctx, tx, student); err != nil {
		return done, err
	}
	done.Records = e.Records
	if done.Rows, err = eraseRows(ctx, tx, student); err != nil {
		return done, err
	}
	for _, mentioned := range []string{student, name} {
		if err := eraseExamples(ctx, tx, mentioned); err != nil {
			return done, err
		}
	}
	return done, noteErasure(ctx, tx, e)
}

// tapsOf are the taps with a student's cards, as the student's page shows them.
const tapsOf = ` FROM card c JOIN tap t ON t.digest = c.digest %s WHERE c.student_id = $1`

func eraseTaps(ctx context.Context, tx *transaction, student string) (int, error) {
	var ahead int
	err := tx.QueryRowContext(ctx, `SELECT count(*)`+fmt.Sprintf(tapsOf, `JOIN record_ahead r ON r.stream_id = t.stream_id AND r.seq = t.seq`), student).Scan(&ahead)
	if err != nil {
		return 0, fmt.Errorf("count taps sent ahead: %w", err)
	}
	if ahead > 0 {
		return 0, ErrStillAhead
	}
	type kept struct{ stream, seq, commitment any }
	erased, err := list(ctx, tx, func(r *sql.Rows) (kept, error) {
		var id, octets, commitment []byte
		var seq int64
		if err := r.Scan(&id, &seq, &octets, &commitment); err != nil {
			return kept{}, err
		}
		c, err := commitmentToKeep(octets, commitment)
		if err != nil {
			return kept{}, fmt.Errorf("%w: record %s", err, contract.TapID{Stream: contract.Stream(id), Seq: uint64(seq)})
		}
		return kept{id, seq, c[:]}, nil
	}, `SELECT t.stream_id, t.seq, r.octets, r.commitment`+fmt.Sprintf(tapsOf, `JOIN record r ON r.stream_id = t.stream_id AND r.seq = t.seq`), student)
	if err != nil {
		return 0, fmt.Errorf("read records to be erased: %w", err)
	}
	place := func(k kept) []any { return []any{k.stream, k.seq} }
	err = errors.Join(
		putEach(ctx, tx, "commitments of erased records", `UPDATE record SET octets = $3, commitment = $4 WHERE stream_id = $1 AND seq = $2`, erased,
			func(k kept) []any { return []any{k.stream, k.seq, []byte{}, k.commitment} }),
		putEach(ctx, tx, "taps to be erased", `DELETE FROM tap WHERE stream_id = $1 AND seq = $2`, erased, place),
		putEach(ctx, tx, "times of erased taps", `DELETE FROM tap_time WHERE stream_id = $1 AND seq = $2`, erased, place))
	return len(erased), err
}

// commitmentToKeep is what a record commits to. It must be what was kept of it when it came, if anything was: an erasure must
// not hide that a record was changed.
func commitmentToKeep(octets, kept []byte) (tree.Commitment, error) {
	c, err := commitmentOf(octets, kept)
	if err == nil && len(kept) > 0 && !bytes.Equal(c[:], kept) {
		err = ErrDisproved
	}
	return c, err
}

// belongings are the tables with something about a student in them, in the order in which they can be emptied of it.
var belongings = []string{
	`DELETE FROM absence_approval WHERE absence_id IN (SELECT id FROM absence WHERE student_id = $1)`,
	`DELETE FROM absence WHERE student_id = $1`, `DELETE FROM amendment WHERE student_id = $1`, `DELETE FROM fact WHERE student_id = $1`,
	`DELETE FROM vle_user WHERE student_id = $1`, `DELETE FROM mark_past WHERE student_id = $1`, `DELETE FROM mark_week WHERE student_id = $1`,
	`DELETE FROM finding WHERE student_id = $1`, `DELETE FROM standing WHERE student_id = $1`,
	`DELETE FROM dirty WHERE student_id = $1`, // so that a verdict that is being made is not stored
	`DELETE FROM wake WHERE student_id = $1`, `DELETE FROM expected WHERE student_id = $1`, `DELETE FROM card WHERE student_id = $1`,
	`DELETE FROM student WHERE id = $1`,
}

func eraseRows(ctx context.Context, tx *transaction, student string) (rows int64, err error) {
	for _, statement := range belongings {
		done, err := tx.ExecContext(ctx, statement, student)
		if err != nil {
			return 0, fmt.Errorf("erase: %s: %w", statement, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("erase: %s: %w", statement, err)
		}
		rows += n
	}
	return rows, recount(ctx, tx)
}

// eraseExamples leaves of imports that mention somebody in words what they counted.
func eraseExamples(ctx context.Context, tx *transaction, mentioned string) error {
	type counts struct {
		id      int64
		summary string
	}
	if mentioned == "" {
		return nil
	}
	changed, err := list(ctx, tx, func(r *sql.Rows) (c counts, err error) {
		var d sheet.Diff
		if err := r.Scan(&c.id, &c.summary); err != nil {
			return c, err
		}
		if err := json.Unmarshal([]byte(c.summary), &d); err != nil {
			return c, err
		}
		d.Warnings, d.Examples = nil, nil
		text, err := json.Marshal(d)
		return counts{c.id, string(text)}, err
	}, `SELECT id, summary FROM import WHERE summary LIKE '%' || $1 || '%'`, mentioned)
	if err != nil {
		return fmt.Errorf("read imports: %w", err)
	}
	return putEach(ctx, tx, "imports", `UPDATE import SET summary = $2 WHERE id = $1`, changed, func(c counts) []any { return []any{c.id, c.summary} })
}

// noteErasure puts the erasure on record. It is an import too, for those who watch for these: timetables without the student
// are published.
func noteErasure(ctx context.Context, tx *transaction, e proof.Erasure) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO erasure (at, actor, reason, records) VALUES ($1, $2, $3, $4)`, milliseconds(e.At), e.Actor, e.Reason, e.Records)
	if err != nil {
		return fmt.Errorf("note erasure: %w", err)
	}
	return keepReceipt(ctx, tx, receipt{kind: "erasure", actor: e.Actor, appliedAt: e.At})
}

// Erasures implements proof.Source.
func (v auditView) Erasures(ctx context.Context) ([]proof.Erasure, error) {
	return list(ctx, v.tx, func(r *sql.Rows) (e proof.Erasure, err error) {
		var at int64
		err = r.Scan(&at, &e.Actor, &e.Reason, &e.Records)
		e.At = instant(at)
		return e, err
	}, `SELECT at, actor, reason, records FROM erasure ORDER BY id`)
}
