// Package console is a technician's way into the running gateway: JSON over HTTP on a socket of this machine that only the
// gateway's own user may open. It shows the readers and the last taps, tries lights, sets readers up, and changes who is in the cluster. It knows neither
// cards nor keys: a card is there by the first digits of its digest, a key not at all. Both ends are this one program, so
// what crosses the socket is no promise to anyone else.
package console

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// Lines is the part of a gateway that a console works on; its errors are sentences for the person who asked.
// capture.Capture implements it.
type Lines interface {
	Lines() []capture.LineState
	Try(ctx context.Context, reader string, signals []drivers.Signal, shown func(drivers.Signal)) error
	MayInstall(reader string, shared bool) error
	InstallKey(ctx context.Context, reader string, shared bool) error
	Move(ctx context.Context, reader string, address byte, baud int) (gotAddress byte, gotBaud int, err error)
}

// Cluster is the part of a gateway that knows its peers; its errors are sentences for the person who asked. *replicate.Node
// implements it.
type Cluster interface {
	Overview(ctx context.Context) replicate.Overview
	Join(ctx context.Context, m replicate.Member, voter bool, each func(string)) error
	Remove(ctx context.Context, id string, force bool, each func(string)) error
	Leave(ctx context.Context, force bool, each func(string)) error
}

// Socket is where a gateway with that data directory listens.
func Socket(data string) string { return filepath.Join(data, "console.sock") }

// Longest is how long a reader may be waited for: a key crosses the line under one that everybody knows, and that door
// must not stay open.
const Longest = 5 * time.Minute

// Install asks for a key for a reader.
type Install struct {
	Reader string        `json:"reader"`
	Within time.Duration `json:"within"` // up to Longest
	Shared bool          `json:"shared"` // other readers of the line may answer
	Only   bool          `json:"only"`   // ask only whether it would be tried
}

// Move asks a reader to listen at another address and speed; it is also the answer, with what the reader accepted.
type Move struct {
	Reader  string        `json:"reader"`
	Within  time.Duration `json:"within"` // up to Longest
	Address byte          `json:"address"`
	Baud    int           `json:"baud"`
}

// Lights asks to try the lights of a reader: the one named, or all of them.
type Lights struct {
	Reader string `json:"reader"`
	Light  string `json:"light,omitempty"` // as drivers.Signal has it
}

// Join asks to take a gateway into the cluster.
type Join struct {
	Gateway string `json:"gateway"`
	Address string `json:"address"` // host:port of its cluster port
	Voter   bool   `json:"voter"`
}

// Remove asks to take a gateway out of the cluster; an empty name means the one that is asked.
type Remove struct {
	Gateway string `json:"gateway"`
	Force   bool   `json:"force"` // although those left would not reach a majority
}

// event is one line of a stream.
type event struct {
	Step  string `json:"step,omitempty"` // was taken, or is waited for
	Tap   *Tap   `json:"tap,omitempty"`
	Light string `json:"light,omitempty"` // is shown now
	Done  bool   `json:"done,omitempty"`  // last line of a stream that came to its end
	Error string `json:"error,omitempty"` // last line of one that did not
}

// refusal is the answer to a wish that was not granted.
type refusal struct {
	Error string `json:"error"`
}

// Errors of the client.
var (
	ErrNotRunning = errors.New("no gateway runs with this configuration: start it with systemctl start rollcall-gateway, or name the right file with --config")
	ErrNotYours   = errors.New("only the gateway's own user may ask it: say sudo before the command")
	ErrNoCluster  = errors.New("this gateway keeps no copies at the moment; its status page says why")
	ErrStopped    = errors.New("the gateway stopped before it was done; look at journalctl -u rollcall-gateway, and ask again")
)
