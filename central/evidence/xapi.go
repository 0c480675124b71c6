package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// loginVerbs are the verbs of a log-in, without a slash at the end: of the EDLM profile, which Moodle's plugin logstore_xapi
// uses, of Jisc's recipe vle_logged_in, which it uses for Jisc, and of ADL's vocabulary.
var loginVerbs = map[string]bool{
	"https://xapi.edlm/profiles/edlm-lms/concepts/verbs/login": true,
	"https://brindlewaye.com/xAPITerms/verbs/loggedin":         true,
	"https://w3id.org/xapi/adl/verbs/logged-in":                true,
}

// statement is what matters of an xAPI statement (IEEE 9274.1.1).
type statement struct {
	Actor struct {
		Account struct {
			Name string `json:"name"`
		} `json:"account"`
	} `json:"actor"`
	Verb struct {
		ID string `json:"id"`
	} `json:"verb"`
	Timestamp string `json:"timestamp"`
}

// maxStatements bounds a file, in octets.
const maxStatements = 256 << 20

// readXAPI reads statements: an array of them, what a record store answers ({"statements": […]}), or one after another.
func readXAPI(r io.Reader, _ sheet.DateFormat, d drawing) (*taken, error) {
	octets, err := io.ReadAll(io.LimitReader(r, maxStatements+1))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if len(octets) > maxStatements {
		return nil, fmt.Errorf("%w: more than %d MiB", sheet.ErrTooLarge, maxStatements>>20)
	}
	x := &statements{taken: &taken{feeds: of1(engagement.Login)}, d: d, octets: bytes.TrimPrefix(octets, []byte("\ufeff")), line: 1}
	x.all()
	s := &sheet.Sheet{Faults: x.faults}
	x.settle(s, x.others)
	return x.taken, nil
}

// statements reads one file of them.
type statements struct {
	*taken
	d      drawing
	octets []byte
	others int

	line   int // of what is at offset
	offset int
}

func (x *statements) all() {
	dec := json.NewDecoder(bytes.NewReader(x.octets))
	for {
		x.goTo(int(dec.InputOffset()))
		var raw json.RawMessage
		err := dec.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			x.broken(err)
			return
		}
		x.goTo(int(dec.InputOffset()) - len(raw))
		if !x.value(raw) {
			return
		}
	}
}

// broken says where the file stops being JSON.
func (x *statements) broken(err error) {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		x.goTo(int(syntax.Offset))
	} else {
		x.goTo(len(x.octets))
	}
	x.fault("", "the file is not JSON here: "+err.Error(), "export the statements as a JSON array, or one a line, in UTF-8")
}

func (x *statements) fault(column, problem, advice string) {
	x.faults = append(x.faults, sheet.Fault{Line: x.line, Column: column, Problem: problem, Advice: advice})
}

// goTo counts lines up to an offset, and past the space before the next value.
func (x *statements) goTo(offset int) {
	offset = min(max(offset, x.offset), len(x.octets))
	for offset < len(x.octets) && strings.IndexByte(" \t\r\n,", x.octets[offset]) >= 0 {
		offset++
	}
	x.line += bytes.Count(x.octets[x.offset:offset], []byte("\n"))
	x.offset = offset
}

// value takes in a value at the top: a statement, an array of them, or what holds an array. It reports whether to go on.
func (x *statements) value(raw json.RawMessage) bool {
	if raw[0] == '[' {
		return x.array(raw)
	}
	var held struct {
		Statements json.RawMessage `json:"statements"`
	}
	if raw[0] == '{' && json.Unmarshal(raw, &held) == nil && len(held.Statements) > 0 && held.Statements[0] == '[' {
		x.goTo(x.offset + bytes.Index(raw, held.Statements))
		return x.array(held.Statements)
	}
	x.statement(raw)
	return true
}

func (x *statements) array(raw json.RawMessage) bool {
	start := x.offset
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil { // the bracket
		return false
	}
	for dec.More() {
		var one json.RawMessage
		if err := dec.Decode(&one); err != nil {
			x.broken(err)
			return false
		}
		x.goTo(start + int(dec.InputOffset()) - len(one))
		x.statement(one)
	}
	return true
}

// statement takes in one statement.
func (x *statements) statement(raw json.RawMessage) {
	var s statement
	if err := json.Unmarshal(raw, &s); err != nil || raw[0] != '{' {
		x.fault("", "this is no statement", "a statement is a JSON object with actor, verb and timestamp")
		return
	}
	if !loginVerbs[strings.TrimSuffix(s.Verb.ID, "/")] {
		x.others++
		if at, err := time.Parse(time.RFC3339Nano, s.Timestamp); err == nil {
			x.saw(at)
		}
		return
	}
	at, err := time.Parse(time.RFC3339Nano, s.Timestamp)
	switch {
	case err != nil:
		x.fault("timestamp", sheet.Shown(s.Timestamp)+" is not a time", "write it as 2026-11-20T14:05:31Z")
	case at.After(x.d.now):
		x.fault("timestamp", sheet.Shown(s.Timestamp)+" is in the future, and this tells what happened", "check the clock that wrote it")
	case !usable(s.Actor.Account.Name):
		x.fault("actor", "the actor has no account name that can be used", "let the plugin send accounts, and not addresses, as actors")
	default:
		f := loggedIn(x.d, x.line, s.Actor.Account.Name)
		f.At = at.Truncate(time.Millisecond).UTC()
		x.add(f)
	}
}

// usable reports whether a name can be an identifier of ours.
func usable(name string) bool { return contract.CheckID("account", name) == nil }
