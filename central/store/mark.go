package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
)

// weekOf is the week of an instant in a column, as the key of mark_week has it; judge.WeekOf is the same in Go.
func weekOf(column string) string { return "(" + column + " - 345600000) / 604800000" }

// markOfExpected joins a mark m to an expectation x at a session e.
var markOfExpected = `JOIN mark m ON m.student_id = x.student_id AND m.week = ` + weekOf("e.starts_at") + ` AND m.session_id = x.session_id`

// leftMarkOfExpected does the same where there may be none: m.value is NULL then. A LEFT JOIN of the view would have SQLite read
// all marks of the university first.
var leftMarkOfExpected = `LEFT JOIN mark_week w ON w.student_id = x.student_id AND w.week = ` + weekOf("e.starts_at") + `
	LEFT JOIN {{elements w.marks}} ON m.value->>0 = x.session_id `

// What m.value holds, as in the view mark.
const (
	markSession  = `m.value->>0`
	markCode     = `m.value->>3`
	markSource   = `m.value->>4`
	markReason   = `m.value->>5`
	markStream   = `{{unhex m.value->>6}}`
	markSeq      = `CAST(m.value->>7 AS BIGINT)`
	markPolicy   = `m.value->>8`
	markJudgedAt = `CAST(m.value->>9 AS BIGINT)`
)

// weekTexts are the weeks of students as they are stored, in the order of their verdicts' weeks; "" for one without marks.
type weekTexts map[string][]string

func textsOf(verdicts []judge.Verdict) weekTexts {
	texts := make(weekTexts, len(verdicts))
	for i := range verdicts {
		weeks := make([]string, len(verdicts[i].Weeks))
		for k, w := range verdicts[i].Weeks {
			if len(w.Marks) > 0 {
				weeks[k] = string(encodeMarks(w.Marks))
			}
		}
		texts[verdicts[i].Student] = weeks
	}
	return texts
}

// save writes the weeks in which something changed, each as one row.
func (t weekTexts) save(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	if err := keepPast(ctx, tx, verdicts); err != nil {
		return err
	}
	var full, empty [][]any
	for i := range verdicts {
		v := &verdicts[i]
		for k, w := range v.Weeks {
			if text := t[v.Student][k]; text != "" {
				full = append(full, []any{v.Student, w.Number, text})
				continue
			}
			empty = append(empty, []any{v.Student, w.Number})
		}
	}
	row := func(row []any) []any { return row }
	err := putEach(ctx, tx, "marks", `INSERT INTO mark_week (student_id, week, marks) VALUES ($1, $2, $3)
		ON CONFLICT (student_id, week) DO UPDATE SET marks = excluded.marks`, full, row)
	if err != nil {
		return err
	}
	return putEach(ctx, tx, "weeks without marks", `DELETE FROM mark_week WHERE student_id = $1 AND week = $2`, empty, row)
}

// keepPast puts aside the judgements that new ones replace.
func keepPast(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	replaced := parts(verdicts, func(v *judge.Verdict) []judge.Stored { return v.Replaced })
	return putEach(ctx, tx, "judgements that are replaced", `INSERT INTO mark_past
		(student_id, session_id, code, source, reason, policy, judged_at, replaced_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		replaced, func(p part[judge.Stored]) []any {
			m := p.is
			return []any{p.of.Student, m.Session, m.Code, m.Source, m.Reason, m.Policy, milliseconds(m.JudgedAt), milliseconds(p.of.JudgedAt)}
		})
}

// marks reads what was judged before, as far as it is compared or put aside.
func (l *loader) marks(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var text string
		if err := r.Scan(&student, &text); err != nil {
			return err
		}
		c := l.cases[student]
		if c.Marks == nil {
			c.Marks = make([]judge.Stored, 0, ofAYear)
		}
		var err error
		if c.Marks, err = decodeMarks(c.Marks, text); err != nil {
			return fmt.Errorf("marks of student %s: %w", student, err)
		}
		return nil
	}, `SELECT student_id, marks FROM mark_week WHERE student_id IN ({{keys $1}})`, l.ids)
}

// encodeMarks writes marks as the view mark reads them.
func encodeMarks(marks []*judge.Mark) []byte {
	b := make([]byte, 0, 200*len(marks))
	for i := range marks {
		if i == 0 {
			b = append(b, '[')
		}
		b = append(appendMark(b, marks[i]), ',')
	}
	b[len(b)-1] = ']'
	return b
}

func appendMark(b []byte, m *judge.Mark) []byte {
	b = appendText(append(b, '['), m.Session.ID)
	b = appendText(b, m.Term)
	b = appendNumber(b, milliseconds(m.Session.StartsAt))
	b = appendText(b, string(m.Code))
	b = appendText(b, string(m.Source))
	b = appendText(b, m.Reason)
	if m.Tap == nil {
		b = append(b, `"",0,`...)
	} else {
		b = hex.AppendEncode(append(b, '"'), m.Tap.ID.Stream[:])
		b = appendNumber(append(b, `",`...), int64(m.Tap.ID.Seq))
	}
	b = appendText(b, m.Policy)
	b = appendNumber(b, milliseconds(m.JudgedAt))
	b = appendNumber(b, milliseconds(m.KnownAt))
	b[len(b)-1] = ']'
	return b
}

// appendText adds a JSON string and a comma. Nearly all text here is plain.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if !plain[text[i]] {
			quoted, _ := json.Marshal(storable([]any{text})[0]) // a string is never refused
			return append(append(b, quoted...), ',')
		}
	}
	return append(append(append(b, '"'), text...), `",`...)
}

// plain are the octets that stand for themselves in a JSON string.
var plain = func() (plain [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

func appendNumber(b []byte, n int64) []byte { return append(strconv.AppendInt(b, n, 10), ',') }

// decodeMarks adds what encodeMarks, or the conversion of an older database, wrote.
func decodeMarks(to []judge.Stored, text string) ([]judge.Stored, error) {
	s := &jsonScanner{rest: text}
	s.skip('[')
	for s.err == nil && !s.at(']') {
		s.skip('[')
		m := judge.Stored{
			Session: s.text(), Term: s.text(), StartsAt: instant(s.number()),
			Code: register.Code(s.text()), Source: register.Source(s.text()), Reason: s.text(),
		}
		stream, seq := s.text(), s.number()
		if stream != "" {
			if n, err := hex.Decode(m.Tap.Stream[:], []byte(stream)[:min(len(stream), 2*len(m.Tap.Stream))]); err != nil || n < len(m.Tap.Stream) {
				return nil, fmt.Errorf("stream %q: %w", stream, errNotMarks)
			}
			m.Tap.Seq = uint64(seq)
		}
		m.Policy = s.text()
		m.JudgedAt, m.KnownAt = instant(s.number()), instant(s.number())
		s.skip(']')
		to = append(to, m)
	}
	return to, s.err
}
