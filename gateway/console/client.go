package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// Client asks the gateway that listens on a socket. Its errors are sentences for the person who asked.
type Client struct{ http http.Client }

// NewClient makes a client; each question has a connection of its own.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Lines tells the state of every line and reader.
func (c *Client) Lines(ctx context.Context) ([]capture.LineState, error) {
	var lines []capture.LineState
	return lines, c.ask(ctx, http.MethodGet, "/readers", nil, &lines)
}

// Taps calls each for the last taps, oldest first, and with follow for every new one until ctx ends, which is no error.
func (c *Client) Taps(ctx context.Context, last int, follow bool, each func(Tap)) error {
	path := "/taps?last=" + strconv.Itoa(last) + "&follow=" + strconv.FormatBool(follow)
	err := c.stream(ctx, http.MethodGet, path, nil, func(e event) {
		if e.Tap != nil {
			each(*e.Tap)
		}
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Try shows the lights of a reader and calls each as one is shown.
func (c *Client) Try(ctx context.Context, l Lights, each func(light string)) error {
	return c.stream(ctx, http.MethodPost, "/lights", l, func(e event) { each(e.Light) })
}

// Cluster tells the state of the cluster.
func (c *Client) Cluster(ctx context.Context) (replicate.Overview, error) {
	var o replicate.Overview
	return o, c.ask(ctx, http.MethodGet, "/cluster", nil, &o)
}

// Join takes a gateway into the cluster and calls each for every step.
func (c *Client) Join(ctx context.Context, j Join, each func(step string)) error {
	return c.stream(ctx, http.MethodPost, "/join", j, func(e event) { each(e.Step) })
}

// Remove takes a gateway out of the cluster and calls each for every step.
func (c *Client) Remove(ctx context.Context, r Remove, each func(step string)) error {
	return c.stream(ctx, http.MethodPost, "/remove", r, func(e event) { each(e.Step) })
}

// Install gives a reader a key of its own, or asks whether that would be tried.
func (c *Client) Install(ctx context.Context, i Install) error {
	return c.ask(ctx, http.MethodPost, "/install", i, &i)
}

// Move moves a reader and tells what it accepted.
func (c *Client) Move(ctx context.Context, m Move) (Move, error) {
	return m, c.ask(ctx, http.MethodPost, "/move", m, &m)
}

// ask sends a question and reads its answer whole.
func (c *Client) ask(ctx context.Context, method, path string, wish, into any) error {
	response, err := c.send(ctx, method, path, wish)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrStopped, err)
	}
	return nil
}

// stream sends a question and calls each for the lines of its answer, until the last.
func (c *Client) stream(ctx context.Context, method, path string, wish any, each func(event)) error {
	response, err := c.send(ctx, method, path, wish)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		switch {
		case e.Done:
			return nil
		case e.Error != "":
			return errors.New(e.Error)
		}
		each(e)
	}
	return errors.Join(ErrStopped, lines.Err())
}

func (c *Client) send(ctx context.Context, method, path string, wish any) (*http.Response, error) {
	body, err := json.Marshal(wish)
	if err != nil {
		return nil, fmt.Errorf("write question: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://console"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("write question: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, reach(ctx, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	return nil, refused(response)
}

// reach says in words why there was no answer.
func reach(ctx context.Context, err error) error {
	var dialled *net.OpError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrPermission): // root passes all permissions
		return ErrNotYours
	case errors.As(err, &dialled) && dialled.Op == "dial":
		return ErrNotRunning
	}
	return fmt.Errorf("%w: %w", ErrStopped, err)
}

// refused is the sentence of an answer that granted nothing.
func refused(response *http.Response) error {
	var r refusal
	text, err := io.ReadAll(io.LimitReader(response.Body, bodyOctets))
	if err != nil || json.Unmarshal(text, &r) != nil || r.Error == "" {
		return fmt.Errorf("the gateway answered %s: is another release of it running? systemctl restart rollcall-gateway", response.Status)
	}
	return errors.New(r.Error)
}
