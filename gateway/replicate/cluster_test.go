package replicate

import "testing"

func TestEveryRecordReachesEveryGateway(t *testing.T) {
	c := newCampus(t, 3, nil)
	c.leader()
	for _, g := range c.gateways {
		g.tap(40)
	}
	c.settled()
}
