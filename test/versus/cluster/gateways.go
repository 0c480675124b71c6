package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/rollcall-edge/rollcall/gateway/replicate"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/versus/member"
)

// GatewayOptions of a cluster of gateways.
type GatewayOptions struct {
	Command   []string // runs member.Serve
	Dirs      Dirs
	Keys      string // a directory for certificates and logs
	Timetable member.Timetable
	Linger    time.Duration // as in member.Config
}

// Gateways are three members.
type Gateways struct {
	members []*process // those that do not lead first
}

// OpenGateways starts three gateways, which are killed when ctx ends, and waits until they have a leader.
func OpenGateways(ctx context.Context, o GatewayOptions) (_ *Gateways, err error) {
	g := &Gateways{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start gateways: %w", err), g.Close())
		}
	}()
	configs, err := o.configs()
	if err != nil {
		return nil, err
	}
	for _, c := range configs {
		p, err := startMember(ctx, o, c)
		if err != nil {
			return nil, err
		}
		g.members = append(g.members, p)
	}
	for _, p := range g.members {
		if _, err := p.reply(); err != nil {
			return nil, err
		}
	}
	return g, await(ctx, "a leader of the gateways", g.order)
}

func (o GatewayOptions) configs() ([]member.Config, error) {
	a, err := newAuthority(o.Keys)
	if err != nil {
		return nil, err
	}
	addresses, err := freeAddresses(Size)
	if err != nil {
		return nil, err
	}
	var members []replicate.Member
	for i, address := range addresses {
		members = append(members, replicate.Member{ID: fmt.Sprintf("gw-%d", i+1), Address: address})
	}
	var configs []member.Config
	for i, m := range members {
		identity, err := a.identity(m.ID)
		if err != nil {
			return nil, err
		}
		configs = append(configs, member.Config{ID: m.ID, Dir: o.Dirs[i], Members: members, Identity: identity, Timetable: o.Timetable, Linger: o.Linger})
	}
	return configs, nil
}

// order puts the leader last; ready when all agree who that is.
func (g *Gateways) order(context.Context) (ready bool, err error) {
	var leader string
	for i, p := range g.members {
		r, err := p.ask(member.Request{Do: member.Leader})
		if err != nil {
			return false, err
		}
		if r.Leader == "" || i > 0 && r.Leader != leader {
			return false, nil
		}
		leader = r.Leader
	}
	slices.SortStableFunc(g.members, func(a, b *process) int { return btoi(a.id == leader) - btoi(b.id == leader) })
	return true, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Load implements Cluster.
func (g *Gateways) Load(_ context.Context, clients int, d time.Duration) (Load, error) {
	return g.all(func(place int) member.Request {
		return member.Request{Do: member.Load, Clients: share(clients, place), For: d}
	})
}

// Pace implements Cluster.
func (g *Gateways) Pace(_ context.Context, members int, every, d time.Duration) (int, error) {
	l, err := g.all(func(place int) member.Request {
		if place >= members {
			return member.Request{Do: member.Leader}
		}
		return member.Request{Do: member.Pace, Every: every, For: d}
	})
	return len(l.Times), err
}

// Lone gives lone taps at the first member, each after a bare flush of the same disk; see member.Lone.
func (g *Gateways) Lone(taps int, every time.Duration) (kept, bare sample.Times, err error) {
	r, err := g.members[0].ask(member.Request{Do: member.Lone, Taps: taps, Every: every})
	return r.Times, r.Bare, err
}

// all asks every member at the same time.
func (g *Gateways) all(request func(place int) member.Request) (load Load, err error) {
	var (
		work sync.WaitGroup
		mu   sync.Mutex // guards load and errs
		errs []error
	)
	for place, p := range g.members {
		work.Go(func() {
			r, err := p.ask(request(place))
			mu.Lock()
			defer mu.Unlock()
			load.Times, load.Took, errs = append(load.Times, r.Times...), max(load.Took, r.Took), append(errs, err)
		})
	}
	work.Wait()
	return load, errors.Join(errs...)
}

// PIDs implements Cluster.
func (g *Gateways) PIDs() []int {
	var pids []int
	for _, p := range g.members {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}

// Close implements Cluster.
func (g *Gateways) Close() error {
	var errs []error
	for _, p := range g.members {
		errs = append(errs, p.in.Close()) // it ends when there is nothing more to read
	}
	for _, p := range g.members {
		errs = append(errs, p.wait())
	}
	return errors.Join(errs...)
}

// process is a member's.
type process struct {
	id       string
	cmd      *exec.Cmd
	in       io.WriteCloser
	requests *json.Encoder
	replies  *json.Decoder
	log      *os.File
}

func startMember(ctx context.Context, o GatewayOptions, c member.Config) (*process, error) {
	log, err := os.Create(filepath.Join(o.Keys, c.ID+".log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.Command[0], o.Command[1:]...) //nolint:gosec // this program
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the one who asks
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{id: c.ID, cmd: cmd, in: in, requests: json.NewEncoder(in), replies: json.NewDecoder(out), log: log}
	return p, p.requests.Encode(c)
}

func (p *process) ask(r member.Request) (member.Reply, error) {
	if err := p.requests.Encode(r); err != nil {
		return member.Reply{}, fmt.Errorf("ask %s: %w", p.id, err)
	}
	return p.reply()
}

func (p *process) reply() (r member.Reply, err error) {
	if err := p.replies.Decode(&r); err != nil {
		return r, fmt.Errorf("hear %s: %w; its log is %s", p.id, err, p.log.Name())
	}
	if r.Error != "" {
		return r, fmt.Errorf("%s: %s", p.id, r.Error)
	}
	return r, nil
}

func (p *process) wait() error {
	if err := errors.Join(p.cmd.Wait(), p.log.Close()); err != nil {
		return fmt.Errorf("end %s: %w; its log is %s", p.id, err, p.log.Name())
	}
	return nil
}
