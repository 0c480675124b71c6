package replicate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

// servers reads a configuration: names of voters in capitals, of non-voters in small letters, e.g. "ABc". Each is at
// "<name>:1".
func servers(text string) []raft.Server {
	var all []raft.Server
	for _, r := range text {
		s := raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(strings.ToLower(string(r))), Address: raft.ServerAddress(strings.ToLower(string(r)) + ":1")}
		if strings.ToUpper(string(r)) != string(r) {
			s.Suffrage = raft.Nonvoter
		}
		all = append(all, s)
	}
	return all
}

func desired(text string) Desired {
	d := Desired{Version: 1}
	for _, s := range servers(text) {
		m := Member{string(s.ID), string(s.Address)}
		if s.Suffrage == raft.Voter {
			d.Voters = append(d.Voters, m)
		} else {
			d.NonVoters = append(d.NonVoters, m)
		}
	}
	return d
}

// Each row is one decision; the leader is always a. Who is in none of the three lists of names is not reached.
func TestNextStep(t *testing.T) {
	for _, tt := range []struct {
		name, now, want       string
		alive, sound, newcome string
		force                 bool
		step, waits           string
	}{
		{name: "as wanted", now: "ABC", want: "ABC", alive: "abc"},
		{name: "a new voter comes in without a say", now: "ABC", want: "ABCD", alive: "abc", step: "d: taken in"},
		{name: "it is not reached yet", now: "ABCd", want: "ABCD", alive: "abc", waits: "d becomes a voter once it has kept up for a while"},
		{name: "it is reached and not caught up", now: "ABCd", want: "ABCD", alive: "abcd", waits: "d becomes a voter once it has kept up for a while"},
		{name: "it has caught up", now: "ABCd", want: "ABCD", alive: "abcd", sound: "d", step: "d: made a voter"},
		{name: "a non-voter stays one however sound", now: "ABCd", want: "ABCd", alive: "abcd", sound: "d"},
		{name: "one who is wanted no more goes", now: "ABCD", want: "ABC", alive: "abcd", step: "d: removed"},
		{name: "dead ones go first", now: "ABCDE", want: "ABD", alive: "abcd", step: "e: removed"},
		{name: "a non-voter goes at once", now: "ABd", want: "AB", alive: "a", step: "d: removed"},
		{name: "not when no majority would be left", now: "ABC", want: "AC", alive: "ab", waits: "b stays: without it 1 of 2 voters would be reached, which is no majority"},
		{name: "unless forced", now: "ABC", want: "AC", alive: "ab", force: true, step: "b: removed"},
		{name: "a dead one may go when the rest is whole", now: "ABC", want: "AB", alive: "ab", step: "c: removed"},
		{name: "a living one waits for its successor", now: "ABCd", want: "ACD", alive: "abcd", waits: "d becomes a voter once it has kept up for a while"},
		{name: "a dead one does not", now: "ABCd", want: "ABD", alive: "abd", step: "c: removed"},
		{name: "a voter becomes a non-voter", now: "ABCD", want: "ABCd", alive: "abcd", step: "d: made a non-voter"},
		{name: "the leader goes last", now: "ABCD", want: "BC", alive: "abcd", step: "d: removed"},
		{name: "and hands over first", now: "ABC", want: "BC", alive: "abc", step: "a: leadership handed over"},
		{name: "but not into a minority", now: "ABC", want: "BC", alive: "ab", waits: "a stays: without it 1 of 2 voters would be reached, which is no majority"},
		{name: "a blank disk comes in anew", now: "ABC", want: "ABC", alive: "abc", newcome: "c", step: "c: removed"},
		{name: "a blank disk is needed for the majority", now: "ABC", want: "ABC", alive: "ac", newcome: "c", waits: "c stays: without it 1 of 2 voters would be reached, which is no majority"},
		{name: "a blank non-voter is only filled", now: "ABCd", want: "ABCd", alive: "abcd", newcome: "d"},
		{name: "growing alone", now: "A", want: "ABC", alive: "a", step: "b: taken in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			of := func(id string) vitals {
				return vitals{alive: strings.Contains(tt.alive, id), sound: strings.Contains(tt.sound, id), newcomer: strings.Contains(tt.newcome, id)}
			}
			got, waits := nextStep(servers(tt.now), desired(tt.want), "a", of, tt.force)
			text := ""
			if got.do != nothing {
				text = got.String()
			}
			if text != tt.step || waits != tt.waits {
				t.Errorf("step %q, waits %q; want %q, %q", text, waits, tt.step, tt.waits)
			}
		})
	}
	moved := desired("ABC")
	moved.Voters[1].Address = "elsewhere:1"
	if got, _ := nextStep(servers("ABC"), moved, "a", func(string) vitals { return vitals{} }, false); got != (step{relocate, Member{"b", "elsewhere:1"}}) {
		t.Errorf("step = %+v, want b found elsewhere", got)
	}
}

// Whatever is wanted and whoever dies, no step leaves less than a majority reached where one was reached, and when all are
// well the steps come to an end at what is wanted.
func TestStepsKeepTheMajorityAndEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.Permutation([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "names")
		pick := func(label string, self bool) string {
			text := ""
			for _, n := range names {
				switch rapid.IntRange(0, 2).Draw(t, label+" "+n) {
				case 0:
					text += strings.ToUpper(n)
				case 1:
					text += n
				}
			}
			if self && !strings.Contains(text, "A") {
				text = "A" + strings.ReplaceAll(text, "a", "")
			}
			if strings.ToLower(text) == text {
				text = "A" + strings.ReplaceAll(text, "a", "")
			}
			return text
		}
		now, want := servers(pick("now", true)), desired(pick("want", false))
		dead := rapid.SampledFrom([]string{"", "b", "c", "bc", "def"}).Draw(t, "dead")
		of := func(id string) vitals {
			alive := !strings.Contains(dead, id)
			return vitals{alive: alive, sound: alive}
		}
		self := "a"
		for range 50 {
			whole := reachesMajority(now, dead)
			s, waits := nextStep(now, want, self, of, false)
			if s.do == nothing {
				if dead == "" && (waits != "" || !as(now, want)) {
					t.Fatalf("it ends at %v, waiting for %q; want %+v", now, waits, want)
				}
				return
			}
			if s.do == handOver {
				self = another(now, self, dead)
				continue
			}
			now = after(now, s)
			if whole && s.do != promote && !reachesMajority(now, dead) {
				t.Fatalf("%v leaves %v, which reaches no majority while %q are dead", s, now, dead)
			}
		}
		t.Fatalf("no end of steps: %v, wanted %+v", now, want)
	})
}

func reachesMajority(servers []raft.Server, dead string) bool {
	voters, reached := 0, 0
	for _, s := range servers {
		if s.Suffrage == raft.Voter {
			voters++
			if !strings.Contains(dead, string(s.ID)) {
				reached++
			}
		}
	}
	return 2*reached > voters
}

func another(servers []raft.Server, self, dead string) string {
	for _, s := range servers {
		if id := string(s.ID); s.Suffrage == raft.Voter && id != self && !strings.Contains(dead, id) {
			return id
		}
	}
	return self
}

// after is the configuration after a step, as Raft would make it.
func after(now []raft.Server, s step) []raft.Server {
	next := slices.Clone(now)
	i := slices.IndexFunc(next, func(v raft.Server) bool { return string(v.ID) == s.member.ID })
	switch s.do {
	case takeIn:
		return append(next, raft.Server{Suffrage: raft.Nonvoter, ID: raft.ServerID(s.member.ID), Address: raft.ServerAddress(s.member.Address)})
	case promote:
		next[i].Suffrage = raft.Voter
	case demote:
		next[i].Suffrage = raft.Nonvoter
	case takeOut:
		return slices.Delete(next, i, i+1)
	}
	return next
}

func as(now []raft.Server, want Desired) bool {
	line := func(id string, voter bool) string { return fmt.Sprint(id, voter) }
	var a, b []string
	for _, s := range now {
		a = append(a, line(string(s.ID), s.Suffrage == raft.Voter))
	}
	for _, m := range want.Voters {
		b = append(b, line(m.ID, true))
	}
	for _, m := range want.NonVoters {
		b = append(b, line(m.ID, false))
	}
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
