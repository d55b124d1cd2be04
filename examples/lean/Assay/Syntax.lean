prelude
import Assay.Core
/-! Notation and tactics.

Their grammar and their macros are compiled into Lean's library under the names that Lean's own
library gives them. So they are declared here and nothing more; `@[extern]` says that their code is
found by their name. -/

/-! What grammar is made of. -/

structure Char where
  code : Nat

-- Literals stand for these two, for the kernel as well.
@[extern "lean_uint32_of_nat"] def Char.ofNat (n : Nat) : Char := ⟨n⟩

structure String where
  ofList ::
  toList : List Char

namespace Lean

inductive Name where
  | anonymous
  | str (pre : Name) (str : String)
  | num (pre : Name) (i : Nat)

instance : Inhabited Name := ⟨.anonymous⟩

-- Lean keeps a hash in every name, so that only its own code may make one.
@[extern] opaque Name.str._override (p : Name) (a : String) : Name
@[extern] opaque Name.num._override (p : Name) (a : Nat) : Name
@[inline] def Name.mkStr (p : Name) (a : String) : Name := str._override p a
@[inline] def Name.mkNum (p : Name) (a : Nat) : Name := num._override p a
@[extern] opaque Name.mkStr1 (a : String) : Name
@[extern] opaque Name.mkStr2 (a b : String) : Name
@[extern] opaque Name.mkStr3 (a b c : String) : Name
@[extern] opaque Name.mkStr4 (a b c d : String) : Name
@[extern] opaque Name.mkStr5 (a b c d e : String) : Name
@[extern] opaque Name.mkStr6 (a b c d e f : String) : Name
@[extern] opaque Name.mkStr7 (a b c d e f g : String) : Name
@[extern] opaque Name.mkStr8 (a b c d e f g h : String) : Name

abbrev SyntaxNodeKind := Name

inductive ParserDescr where
  | const (name : Name)
  | unary (name : Name) (p : ParserDescr)
  | binary (name : Name) (p q : ParserDescr)
  | node (kind : SyntaxNodeKind) (prec : Nat) (p : ParserDescr)
  | trailingNode (kind : SyntaxNodeKind) (prec lhsPrec : Nat) (p : ParserDescr)
  | symbol (val : String)
  | nonReservedSymbol (val : String) (includeIdent : Bool)
  | cat (catName : Name) (rbp : Nat)
  | parser (declName : Name)
  | nodeWithAntiquot (name : String) (kind : SyntaxNodeKind) (p : ParserDescr)
  | sepBy (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | sepBy1 (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | unicodeSymbol (val asciiVal : String) (preserveForPP : Bool)

abbrev TrailingParserDescr := ParserDescr

structure Parser.Category where

instance : Inhabited ParserDescr := ⟨.symbol ""⟩

-- Nothing in Lean looks into these; what macros are given and give back is Lean's own.
structure Syntax where
structure Macro.Context where
structure Macro.State where
structure Macro.Result where

abbrev Macro := Syntax → Macro.Context → Macro.State → Macro.Result

instance : Inhabited Macro := ⟨fun _ _ _ => ⟨⟩⟩

abbrev PrettyPrinter.Unexpander := Syntax → Syntax → Macro.State → Macro.Result

instance : Inhabited PrettyPrinter.Unexpander := ⟨fun _ _ _ => ⟨⟩⟩

end Lean

open Lean
declare_syntax_cat rawStx
declare_syntax_cat binderPred
declare_syntax_cat rcasesPat
declare_syntax_cat rintroPat


/-! Notation -/
@[term_parser, extern] opaque «term_∈_» : TrailingParserDescr
@[macro «term_∈_», extern] opaque «_aux_Init_Notation___macroRules_term_∈__1» : Macro
@[term_parser, extern] opaque «term_↔_» : TrailingParserDescr
@[macro «term_↔_», extern] opaque «_aux_Init_Core___macroRules_term_↔__1» : Macro
@[term_parser, extern] opaque «term_≠_» : TrailingParserDescr
@[macro «term_≠_», extern] opaque «_aux_Init_Core___macroRules_term_≠__2» : Macro
@[term_parser, extern] opaque «term_∘_» : TrailingParserDescr
@[macro «term_∘_», extern] opaque «_aux_Init_Notation___macroRules_term_∘__1» : Macro
@[term_parser, extern] opaque «term_∧_» : TrailingParserDescr
@[macro «term_∧_», extern] opaque «_aux_Init_Notation___macroRules_term_∧__1» : Macro
@[term_parser, extern] opaque «term_∨_» : TrailingParserDescr
@[macro «term_∨_», extern] opaque «_aux_Init_Notation___macroRules_term_∨__1» : Macro
@[term_parser, extern] opaque «term_≤_» : TrailingParserDescr
@[macro «term_≤_», extern] opaque «_aux_Init_Notation___macroRules_term_≤__2» : Macro
@[term_parser, extern] opaque «term_≥_» : TrailingParserDescr
@[macro «term_≥_», extern] opaque «_aux_Init_Notation___macroRules_term_≥__2» : Macro
@[term_parser, extern] opaque «term_%_» : TrailingParserDescr
@[macro «term_%_», extern] opaque «_aux_Init_Notation___macroRules_term_%__2» : Macro
@[term_parser, extern] opaque «term_&&_» : TrailingParserDescr
@[macro «term_&&_», extern] opaque «_aux_Init_Notation___macroRules_term_&&__1» : Macro
@[term_parser, extern] opaque «term_*_» : TrailingParserDescr
@[macro «term_*_», extern] opaque «_aux_Init_Notation___macroRules_term_*__2» : Macro
@[term_parser, extern] opaque «term_+_» : TrailingParserDescr
@[macro «term_+_», extern] opaque «_aux_Init_Notation___macroRules_term_+__2» : Macro
@[term_parser, extern] opaque «term_++_» : TrailingParserDescr
@[macro «term_++_», extern] opaque «_aux_Init_Notation___macroRules_term_++__2» : Macro
@[term_parser, extern] opaque «term_-_» : TrailingParserDescr
@[macro «term_-_», extern] opaque «_aux_Init_Notation___macroRules_term_-__2» : Macro
@[term_parser, extern] opaque «term_/_» : TrailingParserDescr
@[macro «term_/_», extern] opaque «_aux_Init_Notation___macroRules_term_/__2» : Macro
@[term_parser, extern] opaque «term_::_» : TrailingParserDescr
@[macro «term_::_», extern] opaque «_aux_Init_Notation___macroRules_term_::__1» : Macro
@[term_parser, extern] opaque «term_<_» : TrailingParserDescr
@[macro «term_<_», extern] opaque «_aux_Init_Notation___macroRules_term_<__2» : Macro
@[term_parser, extern] opaque «term_<=_» : TrailingParserDescr
@[macro «term_<=_», extern] opaque «_aux_Init_Notation___macroRules_term_<=__2» : Macro
@[term_parser, extern] opaque «term_=_» : TrailingParserDescr
@[macro «term_=_», extern] opaque «_aux_Init_Notation___macroRules_term_=__2» : Macro
@[term_parser, extern] opaque «term_==_» : TrailingParserDescr
@[macro «term_==_», extern] opaque «_aux_Init_Notation___macroRules_term_==__2» : Macro
@[term_parser, extern] opaque «term_>_» : TrailingParserDescr
@[macro «term_>_», extern] opaque «_aux_Init_Notation___macroRules_term_>__2» : Macro
@[term_parser, extern] opaque «term_>=_» : TrailingParserDescr
@[macro «term_>=_», extern] opaque «_aux_Init_Notation___macroRules_term_>=__2» : Macro
@[term_parser, extern] opaque «term_^_» : TrailingParserDescr
@[macro «term_^_», extern] opaque «_aux_Init_Notation___macroRules_term_^__2» : Macro
@[term_parser, extern] opaque «term_||_» : TrailingParserDescr
@[macro «term_||_», extern] opaque «_aux_Init_Notation___macroRules_term_||__1» : Macro
@[term_parser, extern] opaque «term_×_» : TrailingParserDescr
@[macro «term_×_», extern] opaque «_aux_Init_Notation___macroRules_term_×__1» : Macro
@[term_parser, extern] opaque «term_∣_» : TrailingParserDescr
@[macro «term_∣_», extern] opaque «_aux_Init_Notation___macroRules_term_∣__1» : Macro
@[term_parser, extern] opaque «term_!=_» : TrailingParserDescr
@[macro «term_!=_», extern] opaque «_aux_Init_Core___macroRules_term_!=__2» : Macro
@[term_parser, extern] opaque «term¬_» : ParserDescr
@[macro «term¬_», extern] opaque «_aux_Init_Notation___macroRules_term¬__1» : Macro
@[term_parser, extern] opaque term!_ : ParserDescr
@[macro term!_, extern] opaque _aux_Init_Notation___macroRules_term!__1 : Macro
@[term_parser, extern] opaque «term∃_,_» : ParserDescr
@[macro «term∃_,_», extern] opaque «_aux_Init_NotationExtra___macroRules_term∃_,__1» : Macro

/-! How terms are shown -/
@[app_unexpander Iff, extern] opaque _aux_Init_Core___unexpand_Iff_2 : PrettyPrinter.Unexpander
@[app_unexpander Ne, extern] opaque _aux_Init_Core___unexpand_Ne_1 : PrettyPrinter.Unexpander
@[app_unexpander bne, extern] opaque _aux_Init_Core___unexpand_bne_1 : PrettyPrinter.Unexpander
@[app_unexpander And, extern] opaque _aux_Init_Notation___unexpand_And_1 : PrettyPrinter.Unexpander
@[app_unexpander BEq.beq, extern] opaque _aux_Init_Notation___unexpand_BEq_beq_1 : PrettyPrinter.Unexpander
@[app_unexpander Bool.and, extern] opaque _aux_Init_Notation___unexpand_Bool_and_1 : PrettyPrinter.Unexpander
@[app_unexpander Bool.or, extern] opaque _aux_Init_Notation___unexpand_Bool_or_1 : PrettyPrinter.Unexpander
@[app_unexpander Bool.not, extern] opaque _aux_Init_Notation___unexpand_Bool_not_1 : PrettyPrinter.Unexpander
@[app_unexpander Eq, extern] opaque _aux_Init_Notation___unexpand_Eq_1 : PrettyPrinter.Unexpander
@[app_unexpander Function.comp, extern] opaque _aux_Init_Notation___unexpand_Function_comp_1 : PrettyPrinter.Unexpander
@[app_unexpander GE.ge, extern] opaque _aux_Init_Notation___unexpand_GE_ge_2 : PrettyPrinter.Unexpander
@[app_unexpander GT.gt, extern] opaque _aux_Init_Notation___unexpand_GT_gt_1 : PrettyPrinter.Unexpander
@[app_unexpander HAdd.hAdd, extern] opaque _aux_Init_Notation___unexpand_HAdd_hAdd_1 : PrettyPrinter.Unexpander
@[app_unexpander HSub.hSub, extern] opaque _aux_Init_Notation___unexpand_HSub_hSub_1 : PrettyPrinter.Unexpander
@[app_unexpander HMul.hMul, extern] opaque _aux_Init_Notation___unexpand_HMul_hMul_1 : PrettyPrinter.Unexpander
@[app_unexpander HDiv.hDiv, extern] opaque _aux_Init_Notation___unexpand_HDiv_hDiv_1 : PrettyPrinter.Unexpander
@[app_unexpander HMod.hMod, extern] opaque _aux_Init_Notation___unexpand_HMod_hMod_1 : PrettyPrinter.Unexpander
@[app_unexpander HPow.hPow, extern] opaque _aux_Init_Notation___unexpand_HPow_hPow_1 : PrettyPrinter.Unexpander
@[app_unexpander HAppend.hAppend, extern] opaque _aux_Init_Notation___unexpand_HAppend_hAppend_1 : PrettyPrinter.Unexpander
@[app_unexpander LE.le, extern] opaque _aux_Init_Notation___unexpand_LE_le_2 : PrettyPrinter.Unexpander
@[app_unexpander LT.lt, extern] opaque _aux_Init_Notation___unexpand_LT_lt_1 : PrettyPrinter.Unexpander
@[app_unexpander List.cons, extern] opaque _aux_Init_Notation___unexpand_List_cons_1 : PrettyPrinter.Unexpander
@[app_unexpander Membership.mem, extern] opaque _aux_Init_Notation___unexpand_Membership_mem_1 : PrettyPrinter.Unexpander
@[app_unexpander Not, extern] opaque _aux_Init_Notation___unexpand_Not_1 : PrettyPrinter.Unexpander
@[app_unexpander Or, extern] opaque _aux_Init_Notation___unexpand_Or_1 : PrettyPrinter.Unexpander
@[app_unexpander Prod, extern] opaque _aux_Init_Notation___unexpand_Prod_1 : PrettyPrinter.Unexpander
@[app_unexpander Dvd.dvd, extern] opaque _aux_Init_Notation___unexpand_Dvd_dvd_1 : PrettyPrinter.Unexpander
@[app_unexpander Exists, extern] opaque unexpandExists : PrettyPrinter.Unexpander
@[app_unexpander ite, extern] opaque unexpandIte : PrettyPrinter.Unexpander
@[app_unexpander List.nil, extern] opaque unexpandListNil : PrettyPrinter.Unexpander
@[app_unexpander List.cons, extern] opaque unexpandListCons : PrettyPrinter.Unexpander
@[app_unexpander Prod.mk, extern] opaque unexpandProdMk : PrettyPrinter.Unexpander
@[app_unexpander Subtype, extern] opaque unexpandSubtype : PrettyPrinter.Unexpander

/-! Terms -/
@[term_parser, extern] opaque «term[_]» : ParserDescr
@[macro «term[_]», extern] opaque Lean.«_aux_Init_Data_List_Notation___macroRules_term[_]_1» : Macro
@[term_parser, extern] opaque «term%[_|_]» : ParserDescr
@[macro «term%[_|_]», extern] opaque «_aux_Init_NotationExtra___macroRules_term%[_|_]_1» : Macro
@[term_parser, extern] opaque «term{_:_//_}» : ParserDescr
@[macro «term{_:_//_}», extern] opaque «_aux_Init_Notation___macroRules_term{_:_//_}_1» : Macro
@[term_parser, extern] opaque termDepIfThenElse : ParserDescr
@[macro termDepIfThenElse, extern] opaque _aux_Init_Notation___macroRules_termDepIfThenElse_1 : Macro
@[term_parser, extern] opaque termIfThenElse : ParserDescr
@[macro termIfThenElse, extern] opaque _aux_Init_Notation___macroRules_termIfThenElse_1 : Macro
@[term_parser, extern] opaque termIfLet : ParserDescr
@[macro termIfLet, extern] opaque _aux_Init_Notation___macroRules_termIfLet_1 : Macro
@[term_parser, extern] opaque «term_<|_» : TrailingParserDescr
@[macro «term_<|_», extern] opaque «_aux_Init_Notation___macroRules_term_<|__1» : Macro
@[term_parser, extern] opaque «term_|>_» : TrailingParserDescr
@[macro «term_|>_», extern] opaque «_aux_Init_Notation___macroRules_term_|>__1» : Macro
@[term_parser, extern] opaque «term‹_›» : ParserDescr
@[macro «term‹_›», extern] opaque «_aux_Init_Tactics___macroRules_term‹_›_1» : Macro
@[term_parser, extern] opaque «term_$__» : TrailingParserDescr
@[macro «term_$__», extern] opaque «_aux_Init_Notation___macroRules_term_$___1» : Macro

/-! Parts of tactics -/
@[extern] opaque Lean.binderIdent : ParserDescr
@[extern] opaque Lean.bracketedExplicitBinders : ParserDescr
@[extern] opaque Lean.unbracketedExplicitBinders : ParserDescr
@[extern] opaque Lean.explicitBinders : ParserDescr
@[extern] opaque Lean.calcFirstStep : ParserDescr
@[extern] opaque Lean.calcStep : ParserDescr
@[extern] opaque Lean.calcSteps : ParserDescr
@[extern] opaque Lean.cdotTk : ParserDescr
@[extern] opaque Lean.Parser.Tactic.anchor : ParserDescr
@[extern] opaque Lean.Parser.Tactic.caseArg : ParserDescr
@[extern] opaque Lean.Parser.Tactic.config : ParserDescr
@[extern] opaque Lean.Parser.Tactic.configItem : ParserDescr
@[extern] opaque Lean.Parser.Tactic.posConfigItem : ParserDescr
@[extern] opaque Lean.Parser.Tactic.negConfigItem : ParserDescr
@[extern] opaque Lean.Parser.Tactic.valConfigItem : ParserDescr
@[extern] opaque Lean.Parser.Tactic.optConfig : ParserDescr
@[extern] opaque Lean.Parser.Tactic.elimTarget : ParserDescr
@[extern] opaque Lean.Parser.Tactic.generalizeArg : ParserDescr
@[extern] opaque Lean.Parser.Tactic.inductionAltLHS : ParserDescr
@[extern] opaque Lean.Parser.Tactic.inductionAlt : ParserDescr
@[extern] opaque Lean.Parser.Tactic.inductionAlts : ParserDescr
@[extern] opaque Lean.Parser.Tactic.location : ParserDescr
@[extern] opaque Lean.Parser.Tactic.locationHyp : ParserDescr
@[extern] opaque Lean.Parser.Tactic.locationWildcard : ParserDescr
@[extern] opaque Lean.Parser.Tactic.locationType : ParserDescr
@[extern] opaque Lean.Parser.Tactic.rwRule : ParserDescr
@[extern] opaque Lean.Parser.Tactic.rwRuleSeq : ParserDescr
@[extern] opaque Lean.Parser.Tactic.discharger : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpArg : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpArgs : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpErase : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpLemma : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpPost : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpPre : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpStar : ParserDescr
@[extern] opaque Lean.Parser.Tactic.simpaArgsRest : ParserDescr
@[extern] opaque Lean.Parser.Tactic.dsimpArg : ParserDescr
@[extern] opaque Lean.Parser.Tactic.dsimpArgs : ParserDescr
@[extern] opaque Lean.Parser.Tactic.rcasesPatLo : ParserDescr
@[extern] opaque Lean.Parser.Tactic.rcasesPatMed : ParserDescr
@[rcasesPat_parser, extern] opaque Lean.Parser.Tactic.rcasesPat.clear : ParserDescr
@[rcasesPat_parser, extern] opaque Lean.Parser.Tactic.rcasesPat.explicit : ParserDescr
@[rcasesPat_parser, extern] opaque Lean.Parser.Tactic.rcasesPat.ignore : ParserDescr
@[rcasesPat_parser, extern] opaque Lean.Parser.Tactic.rcasesPat.one : ParserDescr
@[rcasesPat_parser, extern] opaque Lean.Parser.Tactic.rcasesPat.paren : ParserDescr
@[rcasesPat_parser, extern] opaque Lean.Parser.Tactic.rcasesPat.tuple : ParserDescr
@[rintroPat_parser, extern] opaque Lean.Parser.Tactic.rintroPat.binder : ParserDescr
@[rintroPat_parser, extern] opaque Lean.Parser.Tactic.rintroPat.one : ParserDescr

/-! Tactics -/
@[tactic_parser, extern] opaque Lean.Parser.Tactic.intro : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.intros : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rename : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.revert : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.clear : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.subst : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.substVars : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.assumption : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.contradiction : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.falseOrByContra : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.apply : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.exact : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.refine : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.refine' : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.constructor : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.left : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.right : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.case : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.case' : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.allGoals : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.anyGoals : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.focus : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.skip : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.done : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.traceState : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.traceMessage : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.failIfSuccess : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.paren : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.withReducible : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.withReducibleAndInstances : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.withUnfoldingAll : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.first : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rotateLeft : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rotateRight : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.fail : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.eqRefl : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.applyRfl : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.change : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.generalize : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rewriteSeq : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.injection : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.injections : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.unfold : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.delta : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.split : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.specialize : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticRepeat_ : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.exact? : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.induction : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.cases : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rcases : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.obtain : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rintro : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.simp : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.simpAll : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.dsimp : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.simpa : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.renameI : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.congr : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.symm : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.show : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.replace : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.withAnnotateState : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.letrec : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.decide : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.nativeDecide : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rwa : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rwaAt : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.repeat' : ParserDescr
@[tactic_parser, extern] opaque Lean.calcTactic : ParserDescr
@[tactic_parser, extern] opaque Lean.cdot : ParserDescr
@[tactic_parser, extern] opaque Lean.solveTactic : ParserDescr
@[term_parser, extern] opaque Lean.calc : ParserDescr
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticTry_ : ParserDescr
@[macro Lean.Parser.Tactic.tacticTry_, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTry__1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.«tacticNext_=>_» : ParserDescr
@[macro Lean.Parser.Tactic.«tacticNext_=>_», extern] opaque Lean.Parser.Tactic.«_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNext_=>__1» : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticExfalso : ParserDescr
@[macro Lean.Parser.Tactic.tacticExfalso, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExfalso_1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticAdmit : ParserDescr
@[macro Lean.Parser.Tactic.tacticAdmit, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticAdmit_1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticSorry : ParserDescr
@[macro Lean.Parser.Tactic.tacticSorry, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticSorry_1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticInfer_instance : ParserDescr
@[macro Lean.Parser.Tactic.tacticInfer_instance, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticInfer_instance_1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticRfl : ParserDescr
@[macro Lean.Parser.Tactic.tacticRfl, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Macro
@[macro Lean.Parser.Tactic.tacticRfl, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_2 : Macro
@[macro Lean.Parser.Tactic.tacticRfl, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_3 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticTrivial : ParserDescr
@[macro Lean.Parser.Tactic.tacticTrivial, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_1 : Macro
@[macro Lean.Parser.Tactic.tacticTrivial, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_2 : Macro
@[macro Lean.Parser.Tactic.tacticTrivial, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_3 : Macro
@[macro Lean.Parser.Tactic.tacticTrivial, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_4 : Macro
@[macro Lean.Parser.Tactic.tacticTrivial, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_5 : Macro
@[macro Lean.Parser.Tactic.tacticTrivial, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_6 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticSuffices_ : ParserDescr
@[macro Lean.Parser.Tactic.tacticSuffices_, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticSuffices__1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticHave__ : ParserDescr
@[macro Lean.Parser.Tactic.tacticHave__, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticHave___1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticLet__ : ParserDescr
@[macro Lean.Parser.Tactic.tacticLet__, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticLet___1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.«tacticExists_,,» : ParserDescr
@[macro Lean.Parser.Tactic.«tacticExists_,,», extern] opaque Lean.Parser.Tactic.«_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExists_,,_1» : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticAnd_intros : ParserDescr
@[macro Lean.Parser.Tactic.tacticAnd_intros, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticAnd_intros_1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticNofun : ParserDescr
@[macro Lean.Parser.Tactic.tacticNofun, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNofun_1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.«tacticNomatch_,,» : ParserDescr
@[macro Lean.Parser.Tactic.«tacticNomatch_,,», extern] opaque Lean.Parser.Tactic.«_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNomatch_,,_1» : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticRefine_lift_ : ParserDescr
@[macro Lean.Parser.Tactic.tacticRefine_lift_, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRefine_lift__1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.«tactic_<;>_» : TrailingParserDescr
@[macro Lean.Parser.Tactic.«tactic_<;>_», extern] opaque Lean.Parser.Tactic.«_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tactic_<;>__1» : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.rwSeq : ParserDescr
@[macro Lean.Parser.Tactic.rwSeq, extern] opaque Lean.Parser.Tactic._aux_Init_Tactics___macroRules_Lean_Parser_Tactic_rwSeq_1 : Macro
@[tactic_parser, extern] opaque Lean.Parser.Tactic.tacticIterate____ : ParserDescr
@[macro Lean.Parser.Tactic.tacticIterate____, extern] opaque Lean.Parser.Tactic._aux_Init_TacticsExtra___macroRules_Lean_Parser_Tactic_tacticIterate_____1 : Macro
@[macro Lean.Parser.Tactic.tacticRfl, extern] opaque _aux_Init_Core___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Macro
@[tactic_parser, extern] opaque «tacticBy_cases_:_» : ParserDescr
@[macro «tacticBy_cases_:_», extern] opaque «_aux_Init_ByCases___macroRules_tacticBy_cases_:__2» : Macro
@[tactic_parser, extern] opaque tacticFunext___ : ParserDescr
@[macro tacticFunext___, extern] opaque _aux_Init_NotationExtra___macroRules_tacticFunext____1 : Macro
