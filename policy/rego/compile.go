package rego

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// Source is a policy as its author wrote it.
type Source struct {
	// Modules are Rego modules by file name.
	Modules map[string]string
	// V0 is set for modules in the syntax of Rego v0. One that has `import rego.v1`
	// is in both.
	V0 bool
	// Data are documents of the policy's own, below data. May be nil.
	Data map[string]any
	// Decision is the rule that decides, as "acp/authz/allow"; empty means allow
	// in the package of the first module by name.
	Decision string
}

// Program is a compiled policy. It is immutable and knows no value of a secret.
type Program struct {
	modules  map[string]*ast.Module
	data     map[string]any
	decision ast.Ref
	// paths are the fields of secrets that the policy refers to.
	paths   [][]ast.Value
	secrets []string
	// metadata is set when comments give the policy values.
	metadata bool
	// sends is set when the policy calls http.send.
	sends bool
	// whole are the places where it refers to data as a whole.
	whole []Issue
	// guarded is right for every sealing set. direct is right where each secret
	// is exact ([seal.Set.Exact]) and compares some of them natively; it is nil
	// where nothing would be gained.
	guarded, direct *compiled
}

// compiled is what an evaluation runs.
type compiled struct {
	compiler *ast.Compiler
	queries  queries
}

// Secrets are the names of the secrets that the policy refers to, in order.
func (p *Program) Secrets() []string { return p.secrets }

// Sealed reports whether the policy is evaluated over surrogates: it uses secrets,
// or sends requests, since what a host answers may have secrets in it that no
// policy names.
func (p *Program) Sealed() bool { return len(p.secrets) > 0 || p.sends }

// Entrypoint is the rule that decides, as in [Source.Decision].
func (p *Program) Entrypoint() string {
	var parts []string
	for _, t := range p.decision[1:] {
		parts = append(parts, string(t.Value.(ast.String)))
	}
	return strings.Join(parts, "/")
}

// Compile checks and compiles a policy. The error is a [*CompileError].
func Compile(src Source) (p *Program, err error) {
	defer recoverCompile(&err)
	if p, err = parseProgram(src); err != nil {
		return nil, err
	}
	if p.decision, err = decisionRef(src, p.modules); err != nil {
		return nil, err
	}
	return p, p.compileAll()
}

// parseProgram reads a policy and finds the secrets that it uses.
func parseProgram(src Source) (*Program, error) {
	modules, issues := parse(src)
	if len(issues) == 0 && src.Data[secretsKey] != nil {
		issues = append(issues, Issue{Code: codeReserved, Message: "data.secrets is where secrets are; a policy's data can't have it", Advice: "use another name"})
	}
	if len(issues) > 0 {
		return nil, compileError(issues...)
	}
	data, err := copyData(src.Data)
	if err != nil {
		return nil, err
	}
	p := &Program{modules: modules, data: data}
	return p, p.findNames()
}

// compileAll compiles a policy before there are surrogates.
func (p *Program) compileAll() error {
	var gains bool
	var err error
	if p.guarded, gains, err = p.compile(p.modules, nil, false); err != nil || !gains {
		return err
	}
	p.direct, _, err = p.compile(p.modules, nil, true)
	return err
}

// findNames finds the secrets that the modules refer to, and refuses references
// that are not constant.
func (p *Program) findNames() error {
	found := &names{}
	c := ast.NewCompiler().WithCapabilities(capabilities()).
		WithStageAfterID(ast.StageResolveRefs, found.stage()).
		WithOnlyStagesUpTo(ast.StageResolveRefs)
	c.Compile(p.modules)
	if len(found.issues) > 0 {
		return compileError(found.issues...)
	}
	if c.Failed() {
		return compileError(astIssues(c.Errors)...)
	}
	p.paths, p.secrets, p.metadata = found.paths, found.secretNames(), found.metadata
	p.sends, p.whole = found.sends, found.whole
	return nil
}

// copyData copies documents as JSON, so that they have the types that are sealed
// and nobody else holds them.
func copyData(data map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, compileError(Issue{Code: codeLimit, Message: "the policy's data are not JSON"})
	}
	if len(raw) > MaxDataBytes {
		return nil, compileError(Issue{Code: codeLimit, Message: fmt.Sprintf("the data of a policy may have %d bytes (MaxDataBytes)", MaxDataBytes)})
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out map[string]any
	if err := dec.Decode(&out); err != nil {
		return nil, compileError(Issue{Code: codeLimit, Message: "the policy's data are not JSON"})
	}
	if out == nil {
		out = make(map[string]any)
	}
	return out, nil
}

// recoverCompile makes an error of a panic: OPA's compiler has some on valid text.
func recoverCompile(err *error) {
	if recover() != nil {
		*err = compileError(Issue{Code: ast.CompileErr, Message: "the compiler can't cope with this policy", Advice: "try it without template strings, or say things in another way"})
	}
}

func parse(src Source) (map[string]*ast.Module, []Issue) {
	if len(src.Modules) == 0 {
		return nil, []Issue{{Code: "rego_parse_error", Message: "a policy needs a module"}}
	}
	if len(src.Modules) > MaxModules {
		return nil, []Issue{{Code: codeLimit, Message: fmt.Sprintf("a policy may have %d modules (MaxModules)", MaxModules)}}
	}
	size := 0
	for _, text := range src.Modules {
		size += len(text)
	}
	if size > MaxSourceBytes {
		return nil, []Issue{{Code: codeLimit, Message: fmt.Sprintf("the modules of a policy may have %d bytes together (MaxSourceBytes)", MaxSourceBytes)}}
	}
	out := make(map[string]*ast.Module)
	var issues []Issue
	for _, name := range slices.Sorted(maps.Keys(src.Modules)) {
		if name == queryFile {
			issues = append(issues, Issue{File: name, Code: codeReserved, Message: "a module can't have this name", Advice: "rename the file"})
			continue
		}
		m, err := parseModule(name, src.Modules[name], src.version())
		if err != nil {
			issues = append(issues, astIssues(err)...)
			continue
		}
		out[name] = m
	}
	return out, issues
}

func (s Source) version() ast.RegoVersion {
	if s.V0 {
		return ast.RegoV0
	}
	return ast.RegoV1
}

func parseModule(name, text string, version ast.RegoVersion) (*ast.Module, error) {
	// Only the parser itself takes a limit of depth.
	_, _, errs := ast.NewParser().
		WithFilename(name).
		WithReader(strings.NewReader(text)).
		WithCapabilities(capabilities()).
		WithRegoVersion(version).
		WithMaxRecursionDepth(MaxNesting).
		Parse()
	if len(errs) > 0 {
		return nil, errs
	}
	return ast.ParseModuleWithOpts(name, text, ast.ParserOptions{Capabilities: capabilities(), RegoVersion: version})
}

// compile runs OPA's compiler with the changes of this package in it: for any
// secrets, or for exact ones, and reports whether there is a comparison that is
// native for exact secrets only. With a run, what comments give the policy is
// sealed; its text must be already.
func (p *Program) compile(modules map[string]*ast.Module, run *seal.Run, exact bool) (out *compiled, gains bool, err error) {
	var issues []Issue
	c := ast.NewCompiler().
		WithEnablePrintStatements(true).
		WithPathConflictsCheck(p.conflicts).
		WithStageAfterID(ast.StageResolveRefs, (&names{}).stage())
	if run != nil {
		c = c.WithStageAfterID(ast.StageParseMetadataBlocks, sealMetadata(run))
	}
	change := bound
	if p.Sealed() {
		change = func(c *ast.Compiler) []Issue {
			w := &rewriter{levels: analyse(c), exact: exact}
			w.issues = w.carry()
			w.rewrite()
			gains = w.gains
			return w.issues
		}
		decls, _ := ownBuiltins()
		// A comprehension index compares natively, and needs bodies as they were.
		c = c.WithCapabilities(capabilitiesWith(decls)).WithSkipStages(ast.StageBuildComprehensionIndices)
	} else {
		decls, _ := boundedBuiltins()
		c = c.WithCapabilities(capabilitiesWith(decls))
	}
	c = c.WithStageAfterID(ast.StageRewriteEquals, ast.CompilerStageDefinition{
		Name:       "SealComparisons",
		MetricName: "compile_stage_seal_comparisons",
		Stage: func(c *ast.Compiler) *ast.Error {
			if issues = change(c); len(issues) > 0 {
				return errStop
			}
			return nil
		},
	})
	c.Compile(modules)
	if len(issues) > 0 {
		return nil, false, compileError(issues...)
	}
	if c.Failed() {
		issues := astIssues(c.Errors)
		if issues[0].Code == ast.RecursionErr && len(p.whole) > 0 {
			issues = p.whole // the rule itself is a part of data
		}
		if run != nil {
			// The compiler quotes the text, in which a secret has become its surrogate.
			for i := range issues {
				issues[i].Message, _ = run.MaskString(issues[i].Message)
			}
		}
		return nil, false, compileError(issues...)
	}
	out = &compiled{compiler: c}
	if p.decision != nil {
		out.queries, err = newQueries(c, p.decision)
	}
	return out, gains, err
}

// errStop ends a compilation whose issues are kept elsewhere.
var errStop = ast.NewError(ast.CompileErr, nil, "stopped")

// stage makes a compiler stage of the search for names.
func (n *names) stage() ast.CompilerStageDefinition {
	return ast.CompilerStageDefinition{
		Name:       "FindSecrets",
		MetricName: "compile_stage_find_secrets",
		Stage: func(c *ast.Compiler) *ast.Error {
			for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
				n.module(c.Modules[name])
			}
			if len(n.paths) > 0 || n.sends {
				n.issues = append(n.issues, n.whole...)
			}
			if len(n.issues) > 0 {
				return errStop
			}
			return nil
		},
	}
}

// conflicts reports whether the policy's data have a document where a rule is.
func (p *Program) conflicts(path []string) (bool, error) {
	var at any = p.data
	for _, key := range path {
		object, ok := at.(map[string]any)
		if !ok {
			return true, nil
		}
		if at, ok = object[key]; !ok {
			return false, nil
		}
	}
	return true, nil
}

// usualDecision is the rule that decides in a policy that names none: allow, but that
// policies which mask the decision log (package system.log) have a rule mask or drop
// in its place.
func usualDecision(modules map[string]*ast.Module) string {
	first := slices.Sorted(maps.Keys(modules))[0]
	if modules[first].Package.Path.String() == "data.system.log" {
		for _, name := range []string{"mask", "drop"} {
			if hasRule(modules, name) {
				return name
			}
		}
	}
	return "allow"
}

// decisionRef is the reference of the rule that decides.
func decisionRef(src Source, modules map[string]*ast.Module) (ast.Ref, error) {
	path := src.Decision
	if path == "" {
		first := slices.Sorted(maps.Keys(modules))[0]
		return modules[first].Package.Path.Append(ast.StringTerm(usualDecision(modules))), nil
	}
	ref := ast.Ref{ast.DefaultRootDocument}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" {
			return nil, compileError(Issue{Code: codeDecision, Message: "the decision must be a path such as acp/authz/allow"})
		}
		ref = append(ref, ast.StringTerm(part))
	}
	return ref, nil
}
