package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
)

// moment is "2026-10-05" or "2026-10-05 09:00", to the millisecond if need be, in London.
type moment struct {
	time.Time      // of a day alone its first instant
	day       bool // a day alone
}

func (m *moment) UnmarshalText(text []byte) error {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, string(text), calendar.London); err == nil {
			m.Time = t
			return nil
		}
	}
	d, err := calendar.ParseDay(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time; write 2026-10-05 09:00, in London, or a day alone", text)
	}
	m.Time, m.day = d.Starts(), true
	return nil
}

// end is the last second of a day alone.
func (m moment) end() time.Time {
	if m.day {
		return calendar.DayOf(m.Time).Ends()
	}
	return m.Time
}

// later is the same time of the day n days later.
func (m moment) later(n int) time.Time { return m.In(calendar.London).AddDate(0, 0, n) }

// clockTime is "09:00" of a day.
type clockTime struct {
	after time.Duration
	set   bool
}

func (c *clockTime) UnmarshalText(text []byte) error {
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			c.after, c.set = t.Sub(t.Truncate(24*time.Hour)), true
			return nil
		}
	}
	return fmt.Errorf("%q is not a time of the day; write 09:00", text)
}

// on is the time on a day, or another one if none was written.
func (c clockTime) on(day calendar.Day, otherwise time.Duration) time.Time {
	after := otherwise
	if c.set {
		after = c.after
	}
	return time.Date(day.Year, day.Month, day.Day, 0, 0, 0, int(after), calendar.London)
}

// codes are marks, "PPPPA P*20 U": groups are for the eye, and * repeats.
type codes []register.Code

func (c *codes) UnmarshalText(text []byte) error {
	for word := range strings.FieldsSeq(string(text)) {
		letters, count, repeated := strings.Cut(word, "*")
		times := 1
		if repeated {
			n, err := strconv.Atoi(count)
			if err != nil || n < 1 || n > 1000 {
				return fmt.Errorf("%q: write how often behind the *, for example P*20", word)
			}
			times = n
		}
		for range times {
			for _, l := range letters {
				if !strings.ContainsRune("PLAERXNU", l) {
					return fmt.Errorf("there is no code %c; write P, L, A, E, R, X, N or U", l)
				}
				*c = append(*c, register.Code(l))
			}
		}
	}
	return nil
}

// kinds are all kinds of facts, as the package that defines them has them, so that no new one is left out.
var kinds = sync.OnceValue(func() []engagement.Kind {
	file, err := parser.ParseFile(token.NewFileSet(), "../engagement/fact.go", nil, 0)
	if err != nil {
		panic(err)
	}
	var all []engagement.Kind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if of, named := spec.Type.(*ast.Ident); named && of.Name == "Kind" {
			name, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			all = append(all, engagement.Kind(name))
		}
		return true
	})
	slices.Sort(all)
	return all
})

func list(kinds []engagement.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}
