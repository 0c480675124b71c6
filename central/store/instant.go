package store

import (
	"database/sql"
	"time"
)

// milliseconds is how instants are stored; sub-milliseconds stay in the record's octets.
func milliseconds(t time.Time) int64 { return t.UnixMilli() }

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// optional turns a zero time into NULL.
func optional(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

// optionalInstant turns NULL into a zero time.
func optionalInstant(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return instant(v.Int64)
}
