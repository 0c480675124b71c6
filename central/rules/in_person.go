package rules

import (
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// inPerson is rule A-9. Source 000: "Attendance in-person is mandatory for 80% of your sessions. You have the ability to join
// by HyFlex for 20%", and "your 80% in person attendance should cover you to be able to miss some classes due to
// illness/interview/train strikes": authorised absences are in the denominator whatever else the policy counts. Below it "the
// programme team will reach out"; too much HyFlex is shown. The text gives no period: the policy takes the module to date and
// the programme to date, and each is said once.
func inPerson(s Student) []Finding {
	periods := func(r policy.Rules) []policy.Period {
		if r.InPerson == nil {
			return nil
		}
		return r.InPerson.Periods
	}
	below := share{periods: periods, met: fewInPerson, finding: fewInPersonFinding}
	remote := share{periods: periods, met: muchRemote, finding: muchRemoteFinding}
	return append(below.find(s), remote.find(s)...)
}

// withAuthorised counts as the policy does, with authorised absences inside.
func withAuthorised(by policy.Counting) policy.Counting {
	by.AuthorisedCounts = true
	return by
}

func fewInPerson(st stretch, p *policy.Policy) bool {
	return st.below(p.Rules.InPerson.Below, withAuthorised(p.Counting))
}

func fewInPersonFinding(st stretch, p *policy.Policy) Finding {
	t := st.Tally(withAuthorised(p.Counting))
	return Finding{
		Rule: "A-9", Step: "in person", Opens: Task, Evidence: st.coded(register.Absent, register.Authorised, register.Remote),
		Summary: fmt.Sprintf("In person at %d of %d sessions of %s (%d.%d %%), %d %% are expected; the programme team asks why",
			t.Attended, t.Counted, st.where(), t.Permille()/10, t.Permille()%10, p.Rules.InPerson.Below),
	}
}

// muchRemote takes the unknown for attended in person: what is too much even so is too much.
func muchRemote(st stretch, p *policy.Policy) bool {
	by := withAuthorised(p.Counting)
	return st.Tally(by).Counted >= by.MinCounted && 100*st.Remote > p.Rules.InPerson.RemoteAbove*st.AtBest(by).Counted
}

func muchRemoteFinding(st stretch, p *policy.Policy) Finding {
	t := engagement.Tally{Attended: st.Remote, Counted: st.Tally(withAuthorised(p.Counting)).Counted}
	return Finding{
		Rule: "A-9", Step: "remote", Opens: Notice, Evidence: st.coded(register.Remote),
		Summary: fmt.Sprintf("Remote at %d of %d sessions of %s (%d.%d %%), at most %d %% may be",
			t.Attended, t.Counted, st.where(), t.Permille()/10, t.Permille()%10, p.Rules.InPerson.RemoteAbove),
	}
}

// coded are the sessions of a stretch with one of some codes.
func (st stretch) coded(of ...register.Code) []string {
	var with []string
	for _, c := range st.contacts {
		if slices.Contains(of, c.Code) {
			with = append(with, c.ID)
		}
	}
	return with
}
