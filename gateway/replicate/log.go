package replicate

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// badgerLog hands Badger's words to the program's log. Only its warnings and errors are for people.
type badgerLog struct{ log *slog.Logger }

func (l badgerLog) Errorf(format string, args ...any)   { l.say(slog.LevelWarn, format, args) }
func (l badgerLog) Warningf(format string, args ...any) { l.say(slog.LevelWarn, format, args) }
func (l badgerLog) Infof(format string, args ...any)    { l.say(slog.LevelDebug, format, args) }
func (l badgerLog) Debugf(string, ...any)               {}

func (l badgerLog) say(level slog.Level, format string, args []any) {
	l.log.Log(context.Background(), level, "replica store", slog.String("detail", strings.TrimSpace(fmt.Sprintf(format, args...))))
}

// raftLog hands Raft's words to the program's log. While a peer is away Raft says so several times a second: the same
// words are passed on once a minute.
type raftLog struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex // guards everything that follows
	said map[string]time.Time
}

const repeatAfter = time.Minute

// newRaftLog is a logger for Raft that writes to log.
func newRaftLog(log *slog.Logger, now func() time.Time) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Output: io.Discard, Level: hclog.Off})
	l.RegisterSink(&raftLog{log: log, now: now, said: map[string]time.Time{}})
	return l
}

// Accept implements hclog.SinkAdapter.
func (l *raftLog) Accept(_ string, level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	if level >= hclog.Warn {
		to = slog.LevelWarn
	}
	if !l.log.Enabled(context.Background(), to) || !l.due(msg) {
		return
	}
	attrs := []slog.Attr{slog.String("event", msg)}
	for i := 0; i+1 < len(args); i += 2 {
		attrs = append(attrs, slog.String(fmt.Sprint(args[i]), fmt.Sprint(args[i+1])))
	}
	l.log.LogAttrs(context.Background(), to, "raft", attrs...)
}

func (l *raftLog) due(msg string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Sub(l.said[msg]) < repeatAfter {
		return false
	}
	l.said[msg] = now
	return true
}
