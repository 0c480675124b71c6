package journal

import (
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// model is the plainest thing a Log can be: records[i] has number first+i.
type model struct {
	first   uint64
	records []string
	values  map[string]string
}

func (m *model) next() uint64 { return m.first + uint64(len(m.records)) }

// TestLogBehavesLikeASlice runs random operations, restarts among them, against the model.
func TestLogBehavesLikeASlice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "log")
		if err != nil {
			rt.Fatal(err)
		}
		o := LogOptions{Dir: dir, SegmentBytes: minSegment, ReserveBytes: -1, FS: lazyFS{disk{}}}
		m := &model{first: 1, values: map[string]string{}}
		l, err := OpenLog(o)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { l.Close() }()
		must := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) { must(m.append(rt, l)) },
			"append at": func(rt *rapid.T) {
				if len(m.records) == 0 {
					m.first = rapid.Uint64Range(1, 1000).Draw(rt, "first")
				}
				must(l.AppendAt(m.next(), []byte("at")))
				m.records = append(m.records, "at")
			},
			"append at the wrong number": func(rt *rapid.T) {
				if wrong := rapid.Uint64Range(1, 1000).Draw(rt, "first"); wrong != m.next() && len(m.records) > 0 {
					checkIs(t, l.AppendAt(wrong, []byte("at")), ErrOutOfOrder)
				}
			},
			"truncate": func(rt *rapid.T) {
				n := rapid.IntRange(0, len(m.records)).Draw(rt, "keep")
				m.records = m.records[:n]
				must(l.TruncateAfter(m.next() - 1))
			},
			"prune": func(rt *rapid.T) {
				below := m.first + uint64(rapid.IntRange(0, len(m.records)).Draw(rt, "below"))
				must(l.PruneBefore(below))
				m.pruned(rt, l.First(), below)
			},
			"reset": func(rt *rapid.T) {
				m.first, m.records = rapid.Uint64Range(1, 1000).Draw(rt, "next"), nil
				must(l.Reset(m.first))
			},
			"set": func(rt *rapid.T) {
				key, val := rapid.StringN(0, 3, 12).Draw(rt, "key"), rapid.StringN(0, 20, 80).Draw(rt, "value")
				m.values[key] = val
				must(l.Set(key, []byte(val)))
			},
			"set soon": func(rt *rapid.T) {
				val := rapid.StringN(0, 20, 80).Draw(rt, "value")
				m.values["soon"] = val
				must(l.SetSoon("soon", []byte(val)))
			},
			"reopen": func(rt *rapid.T) {
				must(l.Close())
				l, err = OpenLog(o)
				must(err)
			},
			"": func(rt *rapid.T) { m.check(rt, l) },
		})
	})
}

func (m *model) append(rt *rapid.T, l *Log) error {
	var payloads [][]byte
	want := m.next()
	for range rapid.IntRange(1, 4).Draw(rt, "records") {
		p := fmt.Sprintf("%*d", rapid.IntRange(0, 9000).Draw(rt, "size"), len(m.records))
		m.records = append(m.records, p)
		payloads = append(payloads, []byte(p))
	}
	first, err := l.Append(payloads...)
	if err == nil && first != want {
		rt.Fatalf("Append = %d, want %d", first, want)
	}
	return err
}

// pruned takes over how far the log chose to prune, which may be less than it was allowed but never more.
func (m *model) pruned(rt *rapid.T, first, below uint64) {
	if first == 0 {
		if below != m.next() {
			rt.Fatalf("pruning below %d emptied a log up to %d", below, m.next()-1)
		}
		first = m.next()
	}
	if first < m.first || first > below && first != m.first {
		rt.Fatalf("First = %d after pruning below %d from %d", first, below, m.first)
	}
	m.first, m.records = first, m.records[first-m.first:]
}

func (m *model) check(rt *rapid.T, l *Log) {
	wantFirst := m.first
	if len(m.records) == 0 {
		wantFirst = 0
	}
	if l.First() != wantFirst || l.Last() != m.next()-1 {
		rt.Fatalf("First, Last = %d, %d, want %d, %d", l.First(), l.Last(), wantFirst, m.next()-1)
	}
	for i, want := range m.records {
		got, err := l.Read(m.first + uint64(i))
		if err != nil || string(got) != want {
			rt.Fatalf("Read(%d) = %.30q, %v, want %.30q", m.first+uint64(i), got, err, want)
		}
	}
	for key, want := range m.values {
		if got, ok := l.Get(key); !ok || string(got) != want {
			rt.Fatalf("Get(%q) = %q, %v, want %q", key, got, ok, want)
		}
	}
}
