package web

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/report"
)

// sessionCursor is the place of a session in the order by start and identifier. It holds no secret and is not signed: a made-up
// one only asks for another place of a list its caller may read anyway.
func sessionCursor(e report.Session) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(e.StartsAt.UnixMilli(), 10) + " " + e.ID))
}

func parseSessionCursor(cursor string) (at time.Time, id string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return at, "", fmt.Errorf("%w: cursor is not one that was answered as next", report.ErrQuery)
	}
	ms, id, ok := strings.Cut(string(raw), " ")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !ok || err != nil || id == "" {
		return at, "", fmt.Errorf("%w: cursor is not one that was answered as next", report.ErrQuery)
	}
	return time.UnixMilli(n).UTC(), id, nil
}
