package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/fleet"
)

// clustersBody is the part of the page Gateways about who copies to whom.
type clustersBody struct {
	Clusters []clusterCard
	Alone    []string
}

// clusterCard is a cluster as the page shows it.
type clusterCard struct {
	fleet.ClusterStatus
	Class, Word, Sentence string // how it stands: ok, warn or bad; in a word; and what that means
	SaidAgo               string
	Lines                 []memberLine
	Steps                 []step // what a person is to do, in this order; none unless the majority is lost
}

// memberLine is a gateway in the table of its cluster.
type memberLine struct {
	fleet.MemberStatus
	HeardAgo   string // empty: never heard
	Part, Due  string // what it is, and what is still to be done about it; Due is empty if nothing is
	Copies     string // how far its copies are behind the others'
	CopiesLate bool
}

func clustersOf(s fleet.Status, now time.Time) clustersBody {
	body := clustersBody{Alone: s.Alone}
	for _, c := range s.Clusters {
		card := clusterCard{ClusterStatus: c}
		if c.Said != "" {
			card.SaidAgo = ago(now.Sub(c.SaidAt))
		}
		for _, m := range c.Members {
			card.Lines = append(card.Lines, lineOf(c, m, now))
		}
		card.Class, card.Word, card.Sentence = healthWords(c)
		if c.Health == fleet.Lost {
			card.Steps = stepsWhenLost(c)
		}
		body.Clusters = append(body.Clusters, card)
	}
	return body
}

func lineOf(c fleet.ClusterStatus, m fleet.MemberStatus, now time.Time) memberLine {
	l := memberLine{MemberStatus: m, Part: partWords(c, m), Due: dueWords(c, m)}
	if !m.HeardAt.IsZero() {
		l.HeardAgo = ago(now.Sub(m.HeardAt))
	}
	l.Copies, l.CopiesLate = copiesWords(m)
	return l
}

// partWords says what a gateway is in its cluster and what it should be.
func partWords(c fleet.ClusterStatus, m fleet.MemberStatus) string {
	switch {
	case c.Said == "":
		return "wanted as " + sayWords(m.Wanted) + "; whether it is one is not said"
	case m.Is == fleet.Absent:
		return "not in it, wanted as " + sayWords(m.Wanted)
	case c.Name != "" && m.Wanted == fleet.Absent:
		return sayWords(m.Is) + ", not wanted any more"
	case c.Name != "" && m.Is != m.Wanted:
		return sayWords(m.Is) + ", wanted as " + sayWords(m.Wanted)
	}
	return sayWords(m.Is)
}

func sayWords(s fleet.Say) string {
	switch s {
	case fleet.Voter:
		return "voter"
	case fleet.Holder:
		return "member without a say"
	}
	return "no member"
}

// dueWords says what the gateways are still to do about a member, by themselves.
func dueWords(c fleet.ClusterStatus, m fleet.MemberStatus) string {
	switch {
	case m.Blank && m.Is != fleet.Absent:
		return "its disk is blank: it is taken out and comes in anew, filled by the others"
	case m.Untold && m.Heard:
		return "it has not heard yet that central wants it here"
	}
	switch c.Due(m) {
	case fleet.TakeIn:
		if m.HeardAt.IsZero() {
			return "to be taken in; it has never reported, so enrol and start it"
		}
		return "to be taken in"
	case fleet.Move:
		return "to be known at " + m.Address + " from now on"
	case fleet.Promote:
		return "to get its say once it has kept up for ten seconds"
	case fleet.Demote:
		return "to give its say up"
	case fleet.TakeOut:
		return "to be taken out"
	}
	return ""
}

// copiesWords says how far a gateway's copies are behind, by everybody's last report; late marks a gateway that has not kept up.
func copiesWords(m fleet.MemberStatus) (words string, late bool) {
	switch {
	case m.HeardAt.IsZero():
		return "not said", false
	case m.Records == 0 && m.Entries == 0:
		return "level", false
	case m.Records == 0:
		return number(m.Entries) + " entries behind", !m.Heard
	}
	return number(m.Records) + " records behind", !m.Heard
}

// healthWords says how a cluster stands.
func healthWords(c fleet.ClusterStatus) (class, word, sentence string) {
	silent := c.Voters - c.Heard
	switch c.Health {
	case fleet.Whole:
		if waits := c.Open(); waits > 0 {
			return "warn", "Changing", fmt.Sprintf("%s leads and every voter reports. %s still to be done, by the gateways themselves.", c.Leader, plural(waits, "step is", "steps are"))
		}
		if c.Name == "" {
			return "ok", "Whole", c.Leader + " leads and every voter reports."
		}
		return "ok", "Whole", fmt.Sprintf("%s leads, every voter reports, and its members are those that are wanted.", c.Leader)
	case fleet.Unsaid:
		return "plain", "Not said", "No member that reports says how its cluster stands: their release is older than that. Ask one of them: rollcall-gateway cluster status."
	case fleet.Degraded:
		return "warn", "Not all report", fmt.Sprintf("%s leads, so taps are copied. %s not reporting to central; if fewer than %d of %d voters are left, copying stops until one is back.",
			c.Leader, plural(silent, "voter is", "voters are"), c.Voters/2+1, c.Voters)
	case fleet.Leaderless:
		return "bad", "No leader", fmt.Sprintf("%d of %d voters report and none knows of a leader. That is so for a few seconds of an election; if it lasts, they reach central and not one another: look at the building's network and their cluster ports. Taps go on, and reach central from each gateway's own disk.", c.Heard, c.Voters)
	case fleet.Unheard:
		return "plain", "Not heard", "None of its members reports, so nothing is known of it here. Look at the network between them and central first; doors go on without."
	}
	return "bad", "Majority lost", fmt.Sprintf("Only %d of %d voters reports and no leader is left: taps go on and reach central, but nothing is copied to a second disk.", c.Heard, c.Voters)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// step is one thing for a person to do, and the commands that do it.
type step struct {
	Words    string
	Commands []string
}

// stepsWhenLost is the chapter of the runbook in short, with the names of this cluster.
func stepsWhenLost(c fleet.ClusterStatus) []step {
	var gone, revoke []string
	for _, m := range c.Members {
		if m.Is == fleet.Voter && !m.Heard {
			gone, revoke = append(gone, m.Gateway), append(revoke, "rollcall-central revoke "+m.Gateway)
		}
	}
	names := strings.Join(gone, " and ")
	return []step{
		{"Can one of " + names + " come back with its card, or does it lack nothing but the network? Then bring it back and do nothing else: the cluster goes on by itself.", nil},
		{"They are lost for good: revoke them, and wipe every card that is found. One that came back with its disk would make two clusters under one name.", revoke},
		{"On " + c.Farthest + ", whose log reaches farthest, and on no other: recover. It leads alone from then on.",
			[]string{"systemctl stop rollcall-gateway", "runuser -u rollcall -- rollcall-gateway cluster recover", "systemctl start rollcall-gateway"}},
		{"Invite and enrol spares under the old names; they come in by themselves. The runbook has all of it under “A majority is lost for good”.", nil},
	}
}
