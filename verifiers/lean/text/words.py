"""Words that Lean has a meaning for and a proof has no use for, with what is said of them."""

from collections.abc import Mapping

RUNS = "runs code of its own inside of Lean; use the tactics that there are"
ASSUMES = "leaves something unproved; prove it"
SUGGESTS = "searches for a proof and is none; put what it suggests in its place"
COMPILED = "trusts compiled code, which no kernel checks; use `decide` or `norm_num`"
COMMAND = "begins a command, and a body is one proof; use `have` or `let` inside of the proof"
MODIFIES = "belongs to a declaration, and a body is one proof; leave it out"
HEADER = "belongs to the header, which the task sets; leave it out"
PRINTS = "prints while Lean runs, and proves nothing; leave it out"
STOPS = "has Lean ignore the rest; leave it out"

#: Words that no candidate may use, wherever they stand.
NEVER: Mapping[str, str] = {
    **dict.fromkeys(("axiom", "init_quot"), "assumes something instead of proving it; prove it"),
    "sorry": ASSUMES,
    "unsafe": "steps out of what the kernel checks; leave it out",
    **dict.fromkeys(("prelude", "import"), HEADER),
    "native_decide": COMPILED,
    **dict.fromkeys(
        (
            "elab elab_rules macro macro_rules syntax declare_syntax_cat binder_predicate "
            "initialize builtin_initialize run_cmd run_elab run_meta run_tac run_conv by_elab "
            "simproc dsimproc simproc_decl dsimproc_decl builtin_simproc builtin_dsimproc "
            "register_option register_builtin_option register_simp_attr register_label_attr "
            "declare_config_elab declare_command_config_elab declare_simp_like_tactic "
            "builtin_simproc_decl builtin_dsimproc_decl cbv_simproc_decl builtin_cbv_simproc_decl "
            "cbv_simproc builtin_cbv_simproc grind_propagator builtin_grind_propagator "
            "register_try?_tactic register_hint set_library_suggestions set_premise_selector "
            "add_aesop_rules leading_parser trailing_parser idbg"
        ).split(),
        RUNS,
    ),
    "unlock_limits": "lets Lean run without end; leave it out",
    **dict.fromkeys("dbg_trace debug_assert!".split(), PRINTS),
    **dict.fromkeys(("include_str", "include_bytes"), "reads a file; write out what it says"),
    **dict.fromkeys(
        (
            "exact? apply? rw? rw?? simp? simp_all? simpa? dsimp? aesop? norm_num? grind? omega? "
            "linarith? ring? try? observe? have? decide? fun_prop? show_term?"
        ).split(),
        SUGGESTS,
    ),
}
#: Words that others may use as names, where a step of a proof or a command may begin.
NEVER_FIRST: Mapping[str, str] = {
    "admit": ASSUMES,
    "stop": STOPS,
    **dict.fromkeys(("hint", "polyrith"), SUGGESTS),
    **dict.fromkeys(("plausible", "slim_check"), "looks for counterexamples and proves nothing"),
}
#: Constants and attributes by their last component.
NEVER_NAMED: Mapping[str, str] = {
    "sorryAx": ASSUMES,
    **dict.fromkeys(("lcProof", "lcUnreachable"), ASSUMES),
    **dict.fromkeys(("ofReduceBool", "ofReduceNat", "trustCompiler"), COMPILED),
    **dict.fromkeys(
        (
            "dbgTrace dbgTraceVal dbgTraceIfShared dbgSleep dbgStackTrace dbg_trace_if_shared "
            "dbg_stack_trace dbg_sleep"
        ).split(),
        PRINTS,
    ),
    "unsafeCast": "changes types unseen; leave it out",
    **dict.fromkeys(
        ("implemented_by", "extern", "csimp"),
        "has compiled code differ from what is proved; leave it out",
    ),
}
#: Parts of names that programs for Lean itself are made of. ``Jsx`` reads text in its own way.
NEVER_PARTS = frozenset(
    (
        "TacticM MetaM TermElabM CommandElabM CoreM MacroM SimpM GrindM RuleTac SingleRuleTac "
        "TacGen Simproc DSimproc Elab Jsx"
    ).split()
)
NEVER_IN_BODY: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "def theorem abbrev opaque instance structure inductive coinductive class example "
            "namespace section end export variable universe include omit notation infix infixl "
            "infixr prefix postfix attribute mutual add_decl_doc"
        ).split(),
        COMMAND,
    ),
    **dict.fromkeys(
        (
            "private protected noncomputable partial scoped local public meta nonrec deriving"
        ).split(),
        MODIFIES,
    ),
}
NEVER_FIRST_IN_BODY: Mapping[str, str] = {
    **dict.fromkeys(("lemma", "constant", "alias", "unif_hint", "notation3"), COMMAND),
    "module": HEADER,
}
#: What a line may go on with. Others are notations, such as ``#s`` for how many elements s has.
HASH_COMMANDS = frozenset(
    (
        "#check #check_failure #check_simp #check_tactic #conv #count_heartbeats #discr_tree_key "
        "#eval #eval! #exit #explode #find #find_home #guard #guard_expr #guard_msgs #help "
        "#html #instances #leansearch #lint #loogle #min_imports #moogle #norm_num #print "
        "#check_assertions #dump_async_env_state #import_path #show_deprecated_modules "
        "#push_cast #reduce #search #show_kind #simp #statesearch #synth #trans_imports #unfold? "
        "#version #whnf #whnfR #where #widget #with_exporting"
    ).split()
)
#: Those that only show what there is, and are often left behind.
SHOWING = frozenset(("#check", "#check_failure", "#print", "#synth", "#version", "#where"))

#: Commands after which strings say how a notation is written, up to ``=>``.
NOTATIONS = frozenset("notation notation3 infix infixl infixr prefix postfix".split())
