package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

// The fixed addresses of central.
const (
	PagesAddress   = "127.0.0.1:8080"
	GatewayAddress = "127.0.0.1:8443"
)

// Central is the university's service as a process, with its operator's commands and its API.
type Central struct {
	Process
	API    *API
	dir    string // of the site
	config string
	first  *firstPassword
}

// newCentral writes the configuration; nothing is started.
func newCentral(dir, bin string) (*Central, error) {
	c := &Central{dir: dir, config: filepath.Join(dir, "central.yaml"), first: &firstPassword{}}
	text := fmt.Sprintf("data: %q\nlisten: %s\ngateway_listen: %s\ngateway_names: [127.0.0.1, localhost]\n",
		filepath.Join(dir, "central"), PagesAddress, GatewayAddress)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("configure central: %w", err)
	}
	c.Process = Process{
		Name: "central", Path: filepath.Join(bin, "rollcall-central"), Args: []string{"serve", "--config", c.config},
		Log: filepath.Join(dir, "log", "central.log"), Stdout: c.first,
	}
	c.API = &API{Base: "http://" + PagesAddress, HTTP: &http.Client{Timeout: time.Minute}}
	return c, nil
}

// Up starts central and waits until it answers.
func (c *Central) Up(ctx context.Context) error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Await(ctx)
}

// Await waits until central answers.
func (c *Central) Await(ctx context.Context) error {
	return await(ctx, 30*time.Second, "central answers at "+PagesAddress, func(ctx context.Context) (bool, error) {
		return c.API.Healthy(ctx), c.Ended()
	})
}

// Import takes a CSV file in.
func (c *Central) Import(ctx context.Context, f campus.File) error {
	dir := filepath.Join(c.dir, "import")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("import %s: %w", f.Name, err)
	}
	var text bytes.Buffer
	if err := f.Write(&text); err != nil {
		return fmt.Errorf("import %s: %w", f.Name, err)
	}
	path := filepath.Join(dir, f.Name)
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("import %s: %w", f.Name, err)
	}
	_, err := c.command(ctx, "import", "--config", c.config, f.Kind, path)
	return errors.Join(err, os.Remove(path)) // card numbers do not lie about
}

// Invite prints an invitation.
func (c *Central) Invite(ctx context.Context, gateway, building string) (string, error) {
	// The output is a secret and goes into no log.
	out, err := run(ctx, c.Path, "", "invite", "--config", c.config, "--building", building, gateway)
	return strings.TrimSpace(out), err
}

// Revoke ends a gateway's certificates.
func (c *Central) Revoke(ctx context.Context, gateway string) error {
	_, err := c.command(ctx, "revoke", "--config", c.config, gateway)
	return err
}

// CheckJudgements has all judgements compared with what the facts give. Central should rest: a fact that comes meanwhile is a
// difference until it is judged.
func (c *Central) CheckJudgements(ctx context.Context) (students, differ int, err error) {
	out, err := c.command(ctx, "rebuild", "--config", c.config, "--check")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if _, scanned := fmt.Sscanf(lines[len(lines)-1], "%d students compared, %d differ", &students, &differ); scanned != nil {
		return 0, 0, errors.Join(err, fmt.Errorf("read what was compared: %w", scanned))
	}
	return students, differ, nil // the program ends with an error when something differs, which is the caller's to say
}

func (c *Central) command(ctx context.Context, args ...string) (string, error) {
	return run(ctx, c.Path, filepath.Join(c.dir, "log", "commands.log"), args...)
}

// Token lets the API in, with the token of an earlier start while it is good.
func (c *Central) Token(ctx context.Context) error {
	path := filepath.Join(c.dir, "token")
	if kept, err := os.ReadFile(path); err == nil {
		c.API.Token = strings.TrimSpace(string(kept))
		if _, err := c.API.Streams(ctx); err == nil {
			return nil
		}
	}
	out, err := run(ctx, c.Path, "", "token", "--config", c.config, "--role", "admin", "campus runner")
	if err != nil {
		return err
	}
	c.API.Token = strings.TrimSpace(out)
	return keep(path, c.API.Token)
}

// Login is the first account with the one-time password that central printed when it was new; the person may have changed
// it since.
func (c *Central) Login(ctx context.Context) (login, password string, err error) {
	path := filepath.Join(c.dir, "admin")
	if seen := c.first.get(); seen != "" {
		return "admin", seen, keep(path, seen)
	}
	if kept, err := os.ReadFile(path); err == nil {
		return "admin", strings.TrimSpace(string(kept)), nil
	}
	out, err := run(ctx, c.Path, "", "password", "--config", c.config, "admin")
	if err != nil {
		return "", "", err
	}
	password = strings.TrimSpace(out)
	return "admin", password, keep(path, password)
}

func keep(path, secret string) error {
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep secret: %w", err)
	}
	return nil
}

// firstPassword looks for the one-time password in what central prints.
type firstPassword struct {
	mu    sync.Mutex // guards everything that follows
	text  []byte
	found string
}

var announced = regexp.MustCompile(`one-time password (\S+)\n`)

// Write implements io.Writer.
func (f *firstPassword) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.text = append(f.text, b...); f.found == "" {
		if m := announced.FindSubmatch(f.text); m != nil {
			f.found = string(m[1])
		}
	}
	f.text = f.text[max(0, len(f.text)-1024):]
	return len(b), nil
}

func (f *firstPassword) get() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.found
}

// ErrTooLong means that something did not happen in time.
var ErrTooLong = errors.New("it took too long")

// await asks every 50 ms until done, an error, or the time is up.
func await(ctx context.Context, within time.Duration, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done(ctx)
		if ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("wait until %s: %w (%v)", what, ErrTooLong, within)
			}
			return ctx.Err()
		case <-tick.C:
		}
	}
}
