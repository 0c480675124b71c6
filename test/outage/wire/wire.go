// Package wire is a network that can be cut: an Ethernet switch in user space with one TAP device in a network namespace per
// host, and impairments for each direction between two hosts. It knows frames and addresses, nothing of what they carry.
//
//	s, err := wire.Open(ctx, wire.Options{Seed: 7}, "gw0", "gw1", "gw2", "central")
//	defer s.Close()
//	cmd := s.Command(ctx, "gw0", "bin/rollcall-gateway", "run")
//	s.Set("gw0", "central", wire.Impairment{Cut: true}) // gw0 is heard no more, but still hears
package wire

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"time"
)

// Impairment is what one direction does to its frames. The zero value passes everything at once.
type Impairment struct {
	Delay     time.Duration // added to each frame
	Jitter    time.Duration // up to this much more or less, uniformly; frames keep their order unless Reorder says otherwise
	Loss      float64       // probability that a frame vanishes, 0 to 1
	Duplicate float64       // probability that a frame arrives twice
	Reorder   float64       // probability that a frame is held back behind those that follow it
	Corrupt   float64       // probability that one bit behind the Ethernet header is flipped
	Rate      int64         // bits per second; 0 is no limit
	MTU       int           // bytes of the largest packet that passes, Ethernet header not counted; 0 is no limit
	Cut       bool          // nothing passes
}

// Counts of one direction since Open: what a plan needs to show that a fault bit.
type Counts struct {
	Offered    uint64 // frames the sender sent to this receiver, broadcasts among them
	Delivered  uint64 // frames handed to the receiver, copies among them
	Cut        uint64 // dropped by Cut
	Lost       uint64 // dropped by Loss
	TooBig     uint64 // dropped by MTU
	Overflowed uint64 // dropped because too many were waiting: Rate or Delay against a sender that does not slow down
	Delayed    uint64 // held back by Delay, Jitter or Rate
	Duplicated uint64
	Reordered  uint64
	Corrupted  uint64
}

// Options of a Switch.
type Options struct {
	Seed uint64 // of every random choice
}

// Switch joins the hosts. Safe from any goroutine.
type Switch struct{}

var errUnfinished = errors.New("not written yet")

// Available tells what this machine lacks for Open, by name; nil when nothing.
func Available() error { return errUnfinished }

// Open makes a network namespace for each host, joins them and gives each an address. Leftovers of runs that died are
// removed first. The hosts' names are letters and digits, at most six.
func Open(ctx context.Context, o Options, hosts ...string) (*Switch, error) {
	return nil, errUnfinished
}

// Close ends the switch and removes the namespaces; programs still running in one lose their network.
func (s *Switch) Close() error { return errUnfinished }

// Address of a host, the same in every run: 10.77.0.1 for the first host, and so on.
func (s *Switch) Address(host string) netip.Addr { return netip.Addr{} }

// Set replaces the impairment of what from sends to to. It holds for frames sent from now on.
func (s *Switch) Set(from, to string, i Impairment) error { return errUnfinished }

// Between replaces the impairments of both directions between two hosts.
func (s *Switch) Between(a, b string, i Impairment) error { return errUnfinished }

// Around replaces the impairments of both directions between a host and every other: Cut isolates it.
func (s *Switch) Around(host string, i Impairment) error { return errUnfinished }

// Heal takes away every impairment. What is delayed still arrives late.
func (s *Switch) Heal() {}

// Counts of what from sent to to.
func (s *Switch) Counts(from, to string) Counts { return Counts{} }

// Command is exec.CommandContext inside a host's namespace. The process that runs is the program itself, so that signals
// to it arrive. It sees the host's network alone; files, pseudo-terminals and process numbers are those of everybody.
func (s *Switch) Command(ctx context.Context, host, name string, args ...string) *exec.Cmd {
	return nil
}

// Dial connects from inside a host's namespace, for a test that asks a gateway's status page. address is an IP address and port.
func (s *Switch) Dial(ctx context.Context, host, network, address string) (net.Conn, error) {
	return nil, errUnfinished
}

// Listen listens inside a host's namespace.
func (s *Switch) Listen(host, network, address string) (net.Listener, error) {
	return nil, errUnfinished
}
