package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
)

// central is the university's service with its operator's commands and its API.
type central struct {
	site.Process
	c        *campus
	config   string
	gateways string // address for gateways
	api      *site.API
}

func newCentral(c *campus, opensBefore time.Duration) *central {
	c.t.Helper()
	pages := freeAddress(c.t)
	s := &central{c: c, config: filepath.Join(c.dir, "central.yaml"), gateways: freeAddress(c.t)}
	text := fmt.Sprintf("data: %q\nlisten: %s\ngateway_listen: %s\ngateway_names: [127.0.0.1]\n",
		filepath.Join(c.dir, "central"), pages, s.gateways)
	must(c.t, os.WriteFile(s.config, []byte(text), 0o600))
	s.Process = c.process("central", "rollcall-central", "serve", "--config", s.config)
	s.api = &site.API{Base: "http://" + pages, HTTP: newHTTP()}
	s.openRegisters(opensBefore)
	return s
}

// openRegisters makes it policy that registers open so long before a class; all else is as a college has it.
func (s *central) openRegisters(before time.Duration) {
	s.c.t.Helper()
	college, err := config.Policies.ReadFile("policies/college.yaml")
	must(s.c.t, err)
	path := filepath.Join(s.c.dir, "policy.yaml")
	text := strings.NewReplacer("policy: college", "policy: test", "from: 2015-09-01", "from: 2016-09-01", "opens: start-30m", fmt.Sprintf("opens: start-%v", before)).Replace(string(college))
	must(s.c.t, os.WriteFile(path, []byte(text), 0o600))
	_, complaints, status := execute(s.c.t.Context(), s.Path, "policy", "import", "--config", s.config, path)
	if status != 0 {
		s.c.t.Fatalf("rollcall-central policy import ended with status %d: %s", status, complaints)
	}
}

// newHTTP makes a client that keeps no connection, so that killed programs leave none half open.
func newHTTP() *http.Client {
	return &http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// up starts central and waits until it answers.
func (s *central) up() {
	s.c.t.Helper()
	must(s.c.t, s.Start())
	s.c.await("central answers", func() error {
		if !s.api.Healthy(s.c.t.Context()) {
			return errors.New("it does not")
		}
		return nil
	})
}

// take imports a CSV file.
func (s *central) take(kind string, lines [][]string) {
	s.c.t.Helper()
	path, err := writeCSV(s.c.dir, kind, lines)
	must(s.c.t, err)
	s.must("import", kind, path)
}

// letIn gives the API a token that may do everything.
func (s *central) letIn() {
	s.c.t.Helper()
	s.api.Token = s.must("token", "--role", "admin", "system test")
}

// must runs an operator's command and gives what it printed.
func (s *central) must(command string, args ...string) string {
	s.c.t.Helper()
	out, errors, status := execute(s.c.t.Context(), s.Path, append([]string{command, "--config", s.config}, args...)...)
	if status != 0 {
		s.c.t.Fatalf("rollcall-central %s ended with status %d: %s", command, status, errors)
	}
	return strings.TrimSpace(out)
}

// execute runs a program to its end; status is -1 when it could not be started.
func execute(ctx context.Context, program string, args ...string) (out, complaints string, status int) {
	var o, e strings.Builder
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return "", err.Error(), -1
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// get reads a page or a document as somebody who may see everything.
func (s *central) get(path string) (string, error) { return s.ask(http.MethodGet, path, nil) }

// read reads a JSON document.
func (s *central) read(path string, into any) error {
	text, err := s.get(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// post sends a form and follows nothing.
func (s *central) post(path string, form url.Values) error {
	_, err := s.ask(http.MethodPost, path, form)
	return err
}

func (s *central) ask(method, path string, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(s.c.t.Context(), method, s.api.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("ask central: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+s.api.Token)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return answer(s.api.HTTP, request)
}

// answer gives the text of an answer, or an error when it is neither a document nor a redirection.
func answer(client *http.Client, request *http.Request) (string, error) {
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", request.URL.Path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", request.URL.Path, err)
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("ask %s: %s: %s", request.URL.Path, response.Status, text[:min(len(text), 300)])
	}
	return string(text), nil
}

// through is up to where central holds a stream; 0 if it never heard of it.
func (s *central) through(stream string) (uint64, error) {
	streams, err := s.api.Streams(s.c.t.Context())
	if err != nil {
		return 0, err
	}
	for _, known := range streams {
		if known.ID == stream {
			return known.Through, nil
		}
	}
	return 0, nil
}

// mark is a line of a register.
type mark struct{ Code, Source, Reason string }

// register reads the marks of a class by student.
func (s *central) register(class string) (map[string]mark, error) {
	var r struct {
		Rows []struct {
			Student string
			Mark    mark
		}
	}
	if err := s.read("/api/v1/sessions/"+class+"/register", &r); err != nil {
		return nil, err
	}
	marks := map[string]mark{}
	for _, row := range r.Rows {
		marks[row.Student] = row.Mark
	}
	return marks, nil
}

// awaitMark waits until a student has a mark for a reason that contains some words.
func (s *central) awaitMark(class string, who person, code, words string) {
	s.c.t.Helper()
	s.c.await(fmt.Sprintf("%s has %s in %s because %q", who.id, code, class, words), func() error {
		marks, err := s.register(class)
		if err != nil {
			return err
		}
		if m := marks[who.id]; m.Code != code || !strings.Contains(m.Reason, words) {
			return fmt.Errorf("mark is %+v", m)
		}
		return nil
	})
}
