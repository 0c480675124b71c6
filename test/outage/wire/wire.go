// Package wire is a network that can be cut: an Ethernet switch in user space with one TAP device in a network namespace per
// host, and impairments for each direction between two hosts. It knows frames and addresses, nothing of what they carry.
//
//	s, err := wire.Open(wire.Options{Seed: 7}, "gw0", "gw1", "gw2", "central")
//	defer s.Close()
//	cmd := s.Command(ctx, "gw0", "bin/rollcall-gateway", "run")
//	s.Set("gw0", "central", wire.Impairment{Cut: true}) // gw0 is heard no more, but still hears
//
// The namespaces have no names: the kernel takes them away with the last process that uses them, so that nothing stays behind
// however a run ends.
package wire

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"sync"
)

// Options of a Switch.
type Options struct {
	Seed uint64 // of every random choice
}

// Switch joins the hosts. Safe from any goroutine.
type Switch struct {
	hosts   []*host
	number  map[string]int   // by name
	owner   map[hardware]int // by address
	links   [][]*link        // by number of sender and receiver; the diagonal is nil
	running sync.WaitGroup
}

// Available tells what this machine lacks for Open, by name; nil when nothing.
func Available() error {
	if os.Geteuid() != 0 {
		return errors.New("the switch needs root: it makes network namespaces")
	}
	tun, err := os.OpenFile(tunPath, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("the switch needs %s: %w", tunPath, err)
	}
	_ = tun.Close()
	if _, err := exec.LookPath(enter); err != nil {
		return fmt.Errorf("the switch needs %s: install util-linux", enter)
	}
	return nil
}

// Open makes a network namespace for each host, joins them and gives each an address.
func Open(o Options, hosts ...string) (s *Switch, err error) {
	if err := Available(); err != nil {
		return nil, err
	}
	s = &Switch{number: map[string]int{}, owner: map[hardware]int{}}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	for n, name := range hosts {
		h, err := newHost(n, name)
		if err != nil {
			return nil, fmt.Errorf("open switch: host %s: %w", name, err)
		}
		s.hosts, s.number[name], s.owner[h.hardware] = append(s.hosts, h), n, n
	}
	s.join(o.Seed)
	return s, nil
}

func (s *Switch) join(seed uint64) {
	for from := range s.hosts {
		row := make([]*link, len(s.hosts))
		for to, receiver := range s.hosts {
			if to != from {
				random := rand.New(rand.NewPCG(seed, uint64(from)<<32|uint64(to))) //nolint:gosec // repeatable
				row[to] = newLink(receiver.tap, random)
				s.running.Go(row[to].run)
			}
		}
		s.links = append(s.links, row)
	}
	for from, h := range s.hosts {
		s.running.Go(func() { s.hear(from, h) })
	}
}

// Close ends the switch. Programs that still run in a namespace have lost their network.
func (s *Switch) Close() error {
	var errs []error
	for _, h := range s.hosts {
		errs = append(errs, h.close())
	}
	for _, l := range s.all() {
		l.close()
	}
	s.running.Wait()
	return errors.Join(errs...)
}

// hear carries what one host sends until its device is closed.
func (s *Switch) hear(from int, h *host) {
	buffer := make([]byte, 64<<10) // far more than any frame
	for {
		n, err := h.tap.Read(buffer)
		if err != nil {
			return
		}
		if n < headerSize {
			continue
		}
		s.carry(from, buffer[:n])
	}
}

// carry offers a frame to the host it is meant for, and to all when it is meant for no host: a broadcast, as ARP's are.
func (s *Switch) carry(from int, frame []byte) {
	if to, ok := s.owner[hardware(frame)]; ok {
		if to != from {
			s.links[from][to].offer(frame)
		}
		return
	}
	for to := range s.hosts {
		if to != from {
			s.links[from][to].offer(frame)
		}
	}
}

// Address of a host, the same in every run: 10.77.0.1 for the first host, and so on. It panics for a host that Open was not told.
func (s *Switch) Address(host string) netip.Addr { return s.mustFind(host).address }

// Set replaces the impairment of what from sends to to. It holds for frames sent from now on.
func (s *Switch) Set(from, to string, i Impairment) { s.link(from, to).set(i) }

// Between replaces the impairments of both directions between two hosts.
func (s *Switch) Between(a, b string, i Impairment) {
	s.Set(a, b, i)
	s.Set(b, a, i)
}

// Around replaces the impairments of both directions between a host and every other: Cut isolates it.
func (s *Switch) Around(host string, i Impairment) {
	for _, other := range s.hosts {
		if other.name != host {
			s.Between(host, other.name, i)
		}
	}
}

// Heal takes away every impairment. What is delayed still arrives late.
func (s *Switch) Heal() {
	for _, l := range s.all() {
		l.set(Impairment{})
	}
}

// Counts of what from sent to to.
func (s *Switch) Counts(from, to string) Counts { return s.link(from, to).count() }

// Total is the sum of the counts of every direction.
func (s *Switch) Total() (sum Counts) {
	for _, l := range s.all() {
		sum = sum.plus(l.count())
	}
	return sum
}

func (s *Switch) all() (links []*link) {
	for _, row := range s.links {
		for _, l := range row {
			if l != nil {
				links = append(links, l)
			}
		}
	}
	return links
}

func (s *Switch) mustFind(name string) *host {
	n, ok := s.number[name]
	if !ok {
		panic(fmt.Sprintf("wire: no host %q was opened", name))
	}
	return s.hosts[n]
}

func (s *Switch) link(from, to string) *link {
	if from == to {
		panic(fmt.Sprintf("wire: %s sends nothing to itself through the switch", from))
	}
	s.mustFind(from)
	s.mustFind(to)
	return s.links[s.number[from]][s.number[to]]
}
