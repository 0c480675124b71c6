package site

import (
	"errors"
	"sync"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/proxy"
)

// Links are the cables from every gateway to central and, one for each direction of dialling, between the gateways.
type Links struct {
	up    map[int]*proxy.Cable
	peers map[[2]int]*proxy.Cable // who dials, who is dialled

	mu  sync.Mutex   // guards everything that follows
	cut map[int]bool // gateways
}

func openLinks() (*Links, error) {
	l := &Links{up: map[int]*proxy.Cable{}, peers: map[[2]int]*proxy.Cable{}, cut: map[int]bool{}}
	for _, from := range campus.Buildings {
		cable, err := proxy.Open(GatewayAddress)
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		l.up[from.Number] = cable
		for _, to := range campus.Buildings {
			if from.Number == to.Number {
				continue
			}
			if cable, err = proxy.Open(clusterAddress(to.Number)); err != nil {
				return nil, errors.Join(err, l.Close())
			}
			l.peers[[2]int{from.Number, to.Number}] = cable
		}
	}
	return l, nil
}

// ToCentral is the address by which a gateway reaches central.
func (l *Links) ToCentral(gateway int) string { return l.up[gateway].Addr() }

// Between is the address by which one gateway reaches another.
func (l *Links) Between(from, to int) string { return l.peers[[2]int{from, to}].Addr() }

// Cut severs a gateway from central and from its peers, in both directions.
func (l *Links) Cut(gateway int) { l.set(gateway, true) }

// Heal joins what Cut severed, but for cables to a peer that is cut off itself.
func (l *Links) Heal(gateway int) { l.set(gateway, false) }

func (l *Links) set(gateway int, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut[gateway] = cut
	lay(l.up[gateway], cut)
	for pair, c := range l.peers {
		lay(c, l.cut[pair[0]] || l.cut[pair[1]])
	}
}

func lay(c *proxy.Cable, cut bool) {
	if cut {
		c.Cut()
		return
	}
	c.Heal()
}

// Held is how much the last cut stopped on the way to central, and on the way to and from peers.
func (l *Links) Held(gateway int) (central, peers int) {
	central = l.up[gateway].Held()
	for pair, c := range l.peers {
		if pair[0] == gateway || pair[1] == gateway {
			peers += c.Held()
		}
	}
	return central, peers
}

// Close takes all cables away.
func (l *Links) Close() error {
	var errs []error
	for _, c := range l.up {
		errs = append(errs, c.Close())
	}
	for _, c := range l.peers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
