package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/register"
)

// guard is a route and the action its caller must be allowed; "" lets everybody in.
type guard struct {
	method, path string
	action       account.Action
}

const public account.Action = ""

// mount is every route of the pages and the API.
func (s *Site) mount(e *gin.Engine) {
	page := func(method, path string, action account.Action, h handler) {
		s.handle(e, guard{method, path, action}, h)
	}

	page(http.MethodGet, "/healthz", public, s.healthz)
	page(http.MethodGet, "/assets/*file", public, s.asset)
	page(http.MethodGet, "/login", public, s.loginPage)
	page(http.MethodPost, "/login", public, s.login)
	page(http.MethodPost, "/logout", public, s.logout)
	page(http.MethodGet, "/password", account.OwnAccount, s.passwordPage)
	page(http.MethodPost, "/password", account.OwnAccount, s.changePassword)

	page(http.MethodGet, "/", account.SeeSessions, s.today)
	page(http.MethodGet, "/registers", account.SeeSessions, s.registers)
	page(http.MethodGet, "/registers/:session", account.SeeStudents, s.register)
	page(http.MethodPost, "/registers/:session/amend", account.AmendMarks, s.amend)
	page(http.MethodPost, "/registers/:session/close", account.CloseRegisters, s.closeRegister)
	page(http.MethodGet, "/registers/:session/sheet", account.SeeStudents, s.paper)
	page(http.MethodPost, "/registers/:session/sign", account.SignRegisters, s.sign(register.Signed))
	page(http.MethodPost, "/registers/:session/approve", account.Approve, s.sign(register.Approved))
	page(http.MethodPost, "/registers/:session/headcount", account.CountHeads, s.countHeads)
	page(http.MethodGet, "/headcounts", account.CountHeads, s.headcounts)
	page(http.MethodPost, "/headcounts", account.CountHeads, s.drawHeadcounts)
	page(http.MethodGet, "/engagement", account.SeeStudents, s.engagement)
	page(http.MethodGet, "/engagement.csv", account.SeeStudents, s.engagementCSV)
	page(http.MethodGet, "/modules", account.SeeStudents, s.modules)
	page(http.MethodGet, "/modules.csv", account.SeeStudents, s.modulesCSV)
	page(http.MethodGet, "/findings", account.SeeStudents, s.findings)
	page(http.MethodGet, "/findings.csv", account.SeeStudents, s.findingsCSV)
	page(http.MethodGet, "/students/:id", account.SeeStudents, s.student) // and /students/<id>.csv
	page(http.MethodGet, "/taps/:stream/:seq", account.SeeStudents, s.tap)
	page(http.MethodGet, "/taps/:stream/:seq/proof", account.SeeStudents, s.tapProof)
	page(http.MethodGet, "/policies", account.SeeStudents, s.policies)
	page(http.MethodGet, "/gateways", account.SeeFleet, s.gateways)
	page(http.MethodGet, "/coverage", account.SeeFleet, s.coverage)
	page(http.MethodGet, "/coverage.csv", account.SeeFleet, s.coverageCSV)
	page(http.MethodGet, "/accounts", account.ManageAccounts, s.accounts)
	page(http.MethodPost, "/accounts", account.ManageAccounts, s.addAccount)
	page(http.MethodPost, "/accounts/:id/reset", account.ManageAccounts, s.resetAccount)
	page(http.MethodPost, "/tokens", account.ManageAccounts, s.issueToken)
	page(http.MethodPost, "/tokens/:id/revoke", account.ManageAccounts, s.revokeToken)
	page(http.MethodGet, "/metrics", account.SeeMetrics, s.metricsPage)

	api := humagin.New(e, s.apiConfig()) // adds /openapi.json and /openapi.yaml
	get(s, api, "/api/v1/students", account.SeeStudents, "list-students", "Students with their standing, a page at a time", s.apiStudents)
	get(s, api, "/api/v1/students/{id}/marks", account.SeeStudents, "student-marks", "One student's marks with every tap near them", s.apiStudent)
	get(s, api, "/api/v1/standings", account.SeeStudents, "list-standings", "The standing of every student of a term, a page at a time", s.apiStandings)
	get(s, api, "/api/v1/modules", account.SeeStudents, "list-modules", "How each module of a term is attended", s.apiModules)
	get(s, api, "/api/v1/findings", account.SeeStudents, "list-findings", "What the rules said of students, a page at a time", s.apiFindings)
	get(s, api, "/api/v1/sessions", account.SeeSessions, "list-sessions", "Sessions between two instants, with counts", s.apiSessions)
	get(s, api, "/api/v1/sessions/{id}/register", account.SeeStudents, "session-register", "The register of one session", s.apiRegister)
	get(s, api, "/api/v1/taps", account.SeeStudents, "list-taps", "Taps between two instants, a page at a time", s.apiTaps)
	get(s, api, "/api/v1/coverage-gaps", account.SeeFleet, "list-coverage-gaps", "Rooms that were not covered while a register was open, with when and why", s.apiCoverage)
	get(s, api, "/api/v1/gateways", account.SeeFleet, "list-gateways", "The gateways and their readers", s.apiGateways)
	get(s, api, "/api/v1/streams", account.SeeFleet, "list-streams", "How far central holds each journal", s.apiStreams)
}
