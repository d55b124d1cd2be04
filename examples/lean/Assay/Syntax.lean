prelude
import Assay.Grammar
/-! Notation and tactics.

Their grammar and their macros are compiled into Lean's library under the names that Lean's own
library gives them. So they are declared here and nothing more; `@[extern]` says that their code is
found by their name. -/

open Lean
declare_syntax_cat rawStx
declare_syntax_cat binderPred
declare_syntax_cat rcasesPat
declare_syntax_cat rintroPat

/-! Notation. -/

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

/-! How terms are shown. -/

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

/-! Grammar and precedences. -/

@[stx_parser, extern] opaque «stx_*» : TrailingParserDescr
@[macro «stx_*», extern] opaque «_aux_Init_Notation___macroRules_stx_*_1» : Macro
@[stx_parser, extern] opaque «stx_+» : TrailingParserDescr
@[macro «stx_+», extern] opaque «_aux_Init_Notation___macroRules_stx_+_1» : Macro
@[stx_parser, extern] opaque stx_? : TrailingParserDescr
@[macro stx_?, extern] opaque _aux_Init_Notation___macroRules_stx_?_1 : Macro
@[stx_parser, extern] opaque «stx_,*» : TrailingParserDescr
@[macro «stx_,*», extern] opaque «_aux_Init_Notation___macroRules_stx_,*_1» : Macro
@[stx_parser, extern] opaque «stx_,+» : TrailingParserDescr
@[macro «stx_,+», extern] opaque «_aux_Init_Notation___macroRules_stx_,+_1» : Macro
@[stx_parser, extern] opaque «stx_,*,?» : TrailingParserDescr
@[macro «stx_,*,?», extern] opaque «_aux_Init_Notation___macroRules_stx_,*,?_1» : Macro
@[stx_parser, extern] opaque «stx_,+,?» : TrailingParserDescr
@[macro «stx_,+,?», extern] opaque «_aux_Init_Notation___macroRules_stx_,+,?_1» : Macro
@[stx_parser, extern] opaque «stx_<|>_» : TrailingParserDescr
@[macro «stx_<|>_», extern] opaque «_aux_Init_Notation___macroRules_stx_<|>__1» : Macro
@[stx_parser, extern] opaque stx!_ : ParserDescr
@[macro stx!_, extern] opaque _aux_Init_Notation___macroRules_stx!__1 : Macro
@[prec_parser, extern] opaque precMax : ParserDescr
@[macro precMax, extern] opaque _aux_Init_Notation___macroRules_precMax_1 : Macro
@[prec_parser, extern] opaque precArg : ParserDescr
@[macro precArg, extern] opaque _aux_Init_Notation___macroRules_precArg_1 : Macro
@[prec_parser, extern] opaque precLead : ParserDescr
@[macro precLead, extern] opaque _aux_Init_Notation___macroRules_precLead_1 : Macro
@[prec_parser, extern] opaque precMin : ParserDescr
@[macro precMin, extern] opaque _aux_Init_Notation___macroRules_precMin_1 : Macro
@[prec_parser, extern] opaque precMin1 : ParserDescr
@[macro precMin1, extern] opaque _aux_Init_Notation___macroRules_precMin1_1 : Macro
@[prec_parser, extern] opaque «prec(_)» : ParserDescr
@[macro «prec(_)», extern] opaque «_aux_Init_Notation___macroRules_prec(_)_1» : Macro
@[prio_parser, extern] opaque prioDefault : ParserDescr
@[macro prioDefault, extern] opaque _aux_Init_Notation___macroRules_prioDefault_1 : Macro
@[prio_parser, extern] opaque prioHigh : ParserDescr
@[macro prioHigh, extern] opaque _aux_Init_Notation___macroRules_prioHigh_1 : Macro
@[prio_parser, extern] opaque prioMid : ParserDescr
@[macro prioMid, extern] opaque _aux_Init_Notation___macroRules_prioMid_1 : Macro
@[prio_parser, extern] opaque prioLow : ParserDescr
@[macro prioLow, extern] opaque _aux_Init_Notation___macroRules_prioLow_1 : Macro
@[prio_parser, extern] opaque «prio(_)» : ParserDescr
@[macro «prio(_)», extern] opaque «_aux_Init_Notation___macroRules_prio(_)_1» : Macro
@[prec_parser, extern] opaque Lean.Parser.Syntax.addPrec : TrailingParserDescr
@[macro Lean.Parser.Syntax.addPrec, extern] opaque Lean._aux_Init_Meta___macroRules_Lean_Parser_Syntax_addPrec_1 : Macro
@[prio_parser, extern] opaque Lean.Parser.Syntax.addPrio : TrailingParserDescr
@[macro Lean.Parser.Syntax.addPrio, extern] opaque Lean._aux_Init_Meta___macroRules_Lean_Parser_Syntax_addPrio_1 : Macro
@[prec_parser, extern] opaque Lean.Parser.Syntax.subPrec : TrailingParserDescr
@[macro Lean.Parser.Syntax.subPrec, extern] opaque Lean._aux_Init_Meta___macroRules_Lean_Parser_Syntax_subPrec_1 : Macro
@[prio_parser, extern] opaque Lean.Parser.Syntax.subPrio : TrailingParserDescr
@[macro Lean.Parser.Syntax.subPrio, extern] opaque Lean._aux_Init_Meta___macroRules_Lean_Parser_Syntax_subPrio_1 : Macro

/-! Terms. -/

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

/-! Parts of tactics. -/

@[extern] opaque Lean.binderIdent : ParserDescr
@[extern] opaque Lean.bracketedExplicitBinders : ParserDescr
@[extern] opaque Lean.unbracketedExplicitBinders : ParserDescr
@[extern] opaque Lean.explicitBinders : ParserDescr
@[extern] opaque Lean.calcFirstStep : ParserDescr
@[extern] opaque Lean.calcStep : ParserDescr
@[extern] opaque Lean.calcSteps : ParserDescr
@[extern] opaque Lean.cdotTk : ParserDescr

namespace Lean.Parser.Tactic

@[extern] opaque anchor : ParserDescr
@[extern] opaque caseArg : ParserDescr
@[extern] opaque config : ParserDescr
@[extern] opaque configItem : ParserDescr
@[extern] opaque posConfigItem : ParserDescr
@[extern] opaque negConfigItem : ParserDescr
@[extern] opaque valConfigItem : ParserDescr
@[extern] opaque optConfig : ParserDescr
@[extern] opaque elimTarget : ParserDescr
@[extern] opaque generalizeArg : ParserDescr
@[extern] opaque inductionAltLHS : ParserDescr
@[extern] opaque inductionAlt : ParserDescr
@[extern] opaque inductionAlts : ParserDescr
@[extern] opaque location : ParserDescr
@[extern] opaque locationHyp : ParserDescr
@[extern] opaque locationWildcard : ParserDescr
@[extern] opaque locationType : ParserDescr
@[extern] opaque rwRule : ParserDescr
@[extern] opaque rwRuleSeq : ParserDescr
@[extern] opaque discharger : ParserDescr
@[extern] opaque simpArg : ParserDescr
@[extern] opaque simpArgs : ParserDescr
@[extern] opaque simpErase : ParserDescr
@[extern] opaque simpLemma : ParserDescr
@[extern] opaque simpPost : ParserDescr
@[extern] opaque simpPre : ParserDescr
@[extern] opaque simpStar : ParserDescr
@[extern] opaque simpaArgsRest : ParserDescr
@[extern] opaque dsimpArg : ParserDescr
@[extern] opaque dsimpArgs : ParserDescr
@[extern] opaque rcasesPatLo : ParserDescr
@[extern] opaque rcasesPatMed : ParserDescr
@[rcasesPat_parser, extern] opaque rcasesPat.clear : ParserDescr
@[rcasesPat_parser, extern] opaque rcasesPat.explicit : ParserDescr
@[rcasesPat_parser, extern] opaque rcasesPat.ignore : ParserDescr
@[rcasesPat_parser, extern] opaque rcasesPat.one : ParserDescr
@[rcasesPat_parser, extern] opaque rcasesPat.paren : ParserDescr
@[rcasesPat_parser, extern] opaque rcasesPat.tuple : ParserDescr
@[rintroPat_parser, extern] opaque rintroPat.binder : ParserDescr
@[rintroPat_parser, extern] opaque rintroPat.one : ParserDescr

end Lean.Parser.Tactic

/-! Tactics. -/

namespace Lean.Parser.Tactic

@[tactic_parser, extern] opaque intro : ParserDescr
@[tactic_parser, extern] opaque intros : ParserDescr
@[tactic_parser, extern] opaque rename : ParserDescr
@[tactic_parser, extern] opaque revert : ParserDescr
@[tactic_parser, extern] opaque clear : ParserDescr
@[tactic_parser, extern] opaque subst : ParserDescr
@[tactic_parser, extern] opaque substVars : ParserDescr
@[tactic_parser, extern] opaque assumption : ParserDescr
@[tactic_parser, extern] opaque contradiction : ParserDescr
@[tactic_parser, extern] opaque falseOrByContra : ParserDescr
@[tactic_parser, extern] opaque apply : ParserDescr
@[tactic_parser, extern] opaque exact : ParserDescr
@[tactic_parser, extern] opaque refine : ParserDescr
@[tactic_parser, extern] opaque refine' : ParserDescr
@[tactic_parser, extern] opaque constructor : ParserDescr
@[tactic_parser, extern] opaque left : ParserDescr
@[tactic_parser, extern] opaque right : ParserDescr
@[tactic_parser, extern] opaque case : ParserDescr
@[tactic_parser, extern] opaque case' : ParserDescr
@[tactic_parser, extern] opaque allGoals : ParserDescr
@[tactic_parser, extern] opaque anyGoals : ParserDescr
@[tactic_parser, extern] opaque focus : ParserDescr
@[tactic_parser, extern] opaque skip : ParserDescr
@[tactic_parser, extern] opaque done : ParserDescr
@[tactic_parser, extern] opaque traceState : ParserDescr
@[tactic_parser, extern] opaque traceMessage : ParserDescr
@[tactic_parser, extern] opaque failIfSuccess : ParserDescr
@[tactic_parser, extern] opaque paren : ParserDescr
@[tactic_parser, extern] opaque withReducible : ParserDescr
@[tactic_parser, extern] opaque withReducibleAndInstances : ParserDescr
@[tactic_parser, extern] opaque withUnfoldingAll : ParserDescr
@[tactic_parser, extern] opaque first : ParserDescr
@[tactic_parser, extern] opaque rotateLeft : ParserDescr
@[tactic_parser, extern] opaque rotateRight : ParserDescr
@[tactic_parser, extern] opaque fail : ParserDescr
@[tactic_parser, extern] opaque eqRefl : ParserDescr
@[tactic_parser, extern] opaque applyRfl : ParserDescr
@[tactic_parser, extern] opaque change : ParserDescr
@[tactic_parser, extern] opaque generalize : ParserDescr
@[tactic_parser, extern] opaque rewriteSeq : ParserDescr
@[tactic_parser, extern] opaque injection : ParserDescr
@[tactic_parser, extern] opaque injections : ParserDescr
@[tactic_parser, extern] opaque unfold : ParserDescr
@[tactic_parser, extern] opaque delta : ParserDescr
@[tactic_parser, extern] opaque split : ParserDescr
@[tactic_parser, extern] opaque specialize : ParserDescr
@[tactic_parser, extern] opaque tacticRepeat_ : ParserDescr
@[tactic_parser, extern] opaque exact? : ParserDescr
@[tactic_parser, extern] opaque induction : ParserDescr
@[tactic_parser, extern] opaque cases : ParserDescr
@[tactic_parser, extern] opaque rcases : ParserDescr
@[tactic_parser, extern] opaque obtain : ParserDescr
@[tactic_parser, extern] opaque rintro : ParserDescr
@[tactic_parser, extern] opaque simp : ParserDescr
@[tactic_parser, extern] opaque simpAll : ParserDescr
@[tactic_parser, extern] opaque dsimp : ParserDescr
@[tactic_parser, extern] opaque simpa : ParserDescr
@[tactic_parser, extern] opaque renameI : ParserDescr
@[tactic_parser, extern] opaque congr : ParserDescr
@[tactic_parser, extern] opaque symm : ParserDescr
@[tactic_parser, extern] opaque «show» : ParserDescr
@[tactic_parser, extern] opaque replace : ParserDescr
@[tactic_parser, extern] opaque withAnnotateState : ParserDescr
@[tactic_parser, extern] opaque letrec : ParserDescr
@[tactic_parser, extern] opaque decide : ParserDescr
@[tactic_parser, extern] opaque nativeDecide : ParserDescr
@[tactic_parser, extern] opaque rwa : ParserDescr
@[tactic_parser, extern] opaque rwaAt : ParserDescr
@[tactic_parser, extern] opaque repeat' : ParserDescr
@[tactic_parser, extern] opaque tacticTry_ : ParserDescr
@[macro tacticTry_, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTry__1 : Macro
@[tactic_parser, extern] opaque «tacticNext_=>_» : ParserDescr
@[macro «tacticNext_=>_», extern] opaque «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNext_=>__1» : Macro
@[tactic_parser, extern] opaque tacticExfalso : ParserDescr
@[macro tacticExfalso, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExfalso_1 : Macro
@[tactic_parser, extern] opaque tacticAdmit : ParserDescr
@[macro tacticAdmit, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticAdmit_1 : Macro
@[tactic_parser, extern] opaque tacticSorry : ParserDescr
@[macro tacticSorry, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticSorry_1 : Macro
@[tactic_parser, extern] opaque tacticInfer_instance : ParserDescr
@[macro tacticInfer_instance, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticInfer_instance_1 : Macro
@[tactic_parser, extern] opaque tacticRfl : ParserDescr
@[macro tacticRfl, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Macro
@[macro tacticRfl, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_2 : Macro
@[macro tacticRfl, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_3 : Macro
@[tactic_parser, extern] opaque tacticTrivial : ParserDescr
@[macro tacticTrivial, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_1 : Macro
@[macro tacticTrivial, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_2 : Macro
@[macro tacticTrivial, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_3 : Macro
@[macro tacticTrivial, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_4 : Macro
@[macro tacticTrivial, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_5 : Macro
@[macro tacticTrivial, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_6 : Macro
@[tactic_parser, extern] opaque tacticSuffices_ : ParserDescr
@[macro tacticSuffices_, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticSuffices__1 : Macro
@[tactic_parser, extern] opaque tacticHave__ : ParserDescr
@[macro tacticHave__, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticHave___1 : Macro
@[tactic_parser, extern] opaque tacticLet__ : ParserDescr
@[macro tacticLet__, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticLet___1 : Macro
@[tactic_parser, extern] opaque «tacticExists_,,» : ParserDescr
@[macro «tacticExists_,,», extern] opaque «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExists_,,_1» : Macro
@[tactic_parser, extern] opaque tacticAnd_intros : ParserDescr
@[macro tacticAnd_intros, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticAnd_intros_1 : Macro
@[tactic_parser, extern] opaque tacticNofun : ParserDescr
@[macro tacticNofun, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNofun_1 : Macro
@[tactic_parser, extern] opaque «tacticNomatch_,,» : ParserDescr
@[macro «tacticNomatch_,,», extern] opaque «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNomatch_,,_1» : Macro
@[tactic_parser, extern] opaque tacticRefine_lift_ : ParserDescr
@[macro tacticRefine_lift_, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRefine_lift__1 : Macro
@[tactic_parser, extern] opaque «tactic_<;>_» : TrailingParserDescr
@[macro «tactic_<;>_», extern] opaque «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tactic_<;>__1» : Macro
@[tactic_parser, extern] opaque rwSeq : ParserDescr
@[macro rwSeq, extern] opaque _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_rwSeq_1 : Macro
@[tactic_parser, extern] opaque tacticIterate____ : ParserDescr
@[macro tacticIterate____, extern] opaque _aux_Init_TacticsExtra___macroRules_Lean_Parser_Tactic_tacticIterate_____1 : Macro

end Lean.Parser.Tactic

@[tactic_parser, extern] opaque Lean.calcTactic : ParserDescr
@[tactic_parser, extern] opaque Lean.cdot : ParserDescr
@[tactic_parser, extern] opaque Lean.solveTactic : ParserDescr
@[term_parser, extern] opaque Lean.calc : ParserDescr
@[macro Lean.Parser.Tactic.tacticRfl, extern] opaque _aux_Init_Core___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Macro
@[tactic_parser, extern] opaque «tacticBy_cases_:_» : ParserDescr
@[macro «tacticBy_cases_:_», extern] opaque «_aux_Init_ByCases___macroRules_tacticBy_cases_:__2» : Macro
@[tactic_parser, extern] opaque tacticFunext___ : ParserDescr
@[macro tacticFunext___, extern] opaque _aux_Init_NotationExtra___macroRules_tacticFunext____1 : Macro
