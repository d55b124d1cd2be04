prelude
import Assay.Logic
/-! What `notation`, `macro` and `macro_rules` write, so that they can be used. -/

universe u v

/-! Monads, as far as quotations need them. -/

class Pure (f : Type u → Type v) where
  pure {α : Type u} : α → f α

export Pure (pure)

class Functor (f : Type u → Type v) where
  map {α β : Type u} : (α → β) → f α → f β

class Bind (m : Type u → Type v) where
  bind {α β : Type u} : m α → (α → m β) → m β

export Bind (bind)

class Monad (m : Type u → Type v) extends Pure m, Functor m, Bind m

class MonadExcept (ε : semiOutParam (Type u)) (m : Type v → Type w) where
  throw {α : Type v} : ε → m α

export MonadExcept (throw)

namespace Lean

instance : Coe SyntaxNodeKind SyntaxNodeKinds := ⟨fun kind => .cons kind .nil⟩
instance {kinds : SyntaxNodeKinds} (stx : TSyntax kinds) : CoeT (TSyntax kinds) stx Syntax :=
  ⟨stx.raw⟩

/-! Quotations: they look into syntax and make syntax, with the functions that are Lean's own. -/

instance : Inhabited Syntax := ⟨.missing⟩
instance : Inhabited SourceInfo := ⟨.none⟩
instance {kinds : SyntaxNodeKinds} : Inhabited (TSyntax kinds) := ⟨⟨.missing⟩⟩
instance {α : Type u} : Inhabited (Array α) := ⟨⟨.nil⟩⟩
instance : Inhabited SourceInfo.Text := ⟨⟨"", ⟨.zero⟩, ⟨.zero⟩⟩⟩

@[extern] opaque Syntax.isOfKind (stx : Syntax) (kind : SyntaxNodeKind) : Bool
@[extern] opaque Syntax.getArg (stx : Syntax) (i : Nat) : Syntax
@[extern] opaque Syntax.getArgs (stx : Syntax) : Array Syntax
@[extern] opaque Syntax.getNumArgs (stx : Syntax) : Nat
@[extern] opaque Syntax.getId (stx : Syntax) : Name
@[extern] opaque Syntax.matchesNull (stx : Syntax) (n : Nat) : Bool
@[extern] opaque Syntax.matchesIdent (stx : Syntax) (id : Name) : Bool
@[extern] opaque Syntax.matchesLit (stx : Syntax) (kind : SyntaxNodeKind) (val : String) : Bool
@[extern] opaque Syntax.isNone (stx : Syntax) : Bool
@[extern] opaque SourceInfo.fromRef (ref : Syntax) (canonical : Bool) : SourceInfo
@[extern] opaque replaceRef (ref old : Syntax) : Syntax
@[extern] opaque addMacroScope (main n : Name) (scope : Nat) : Name
@[extern] opaque _root_.String.toRawSubstring' (s : String) : SourceInfo.Text

@[extern] opaque mkAtom (val : String) : Syntax
@[extern] opaque Syntax.node1 (info : SourceInfo) (kind : SyntaxNodeKind) (a : Syntax) : Syntax
@[extern] opaque Syntax.node2 (info : SourceInfo) (kind : SyntaxNodeKind) (a b : Syntax) : Syntax
@[extern] opaque Syntax.node3 (info : SourceInfo) (kind : SyntaxNodeKind) (a b c : Syntax) : Syntax
@[extern] opaque Syntax.node4 (info : SourceInfo) (kind : SyntaxNodeKind) (a b c d : Syntax) :
  Syntax
@[extern] opaque Syntax.node5 (info : SourceInfo) (kind : SyntaxNodeKind) (a b c d e : Syntax) :
  Syntax
@[extern] opaque Syntax.node6 (info : SourceInfo) (kind : SyntaxNodeKind) (a b c d e f : Syntax) :
  Syntax
@[extern] opaque Syntax.node7 (info : SourceInfo) (kind : SyntaxNodeKind) (a b c d e f g : Syntax) :
  Syntax
@[extern] opaque Syntax.node8 (info : SourceInfo) (kind : SyntaxNodeKind)
  (a b c d e f g h : Syntax) : Syntax

@[extern] opaque _root_.Array.mkArray0 {α : Type u} : Array α
@[extern] opaque _root_.Array.mkArray1 {α : Type u} (a : α) : Array α
@[extern] opaque _root_.Array.mkArray2 {α : Type u} (a b : α) : Array α
@[extern] opaque _root_.Array.mkArray3 {α : Type u} (a b c : α) : Array α
@[extern] opaque _root_.Array.mkArray4 {α : Type u} (a b c d : α) : Array α
@[extern] opaque _root_.Array.mkArray5 {α : Type u} (a b c d e : α) : Array α
@[extern] opaque _root_.Array.mkArray6 {α : Type u} (a b c d e f : α) : Array α
@[extern] opaque _root_.Array.mkArray7 {α : Type u} (a b c d e f g : α) : Array α
@[extern] opaque _root_.Array.mkArray8 {α : Type u} (a b c d e f g h : α) : Array α
@[extern] opaque _root_.Array.appendCore {α : Type u} (a b : Array α) : Array α

structure Syntax.TSepArray (kinds : SyntaxNodeKinds) (sep : String) where
  elemsAndSeps : Array Syntax

class MonadRef (m : Type → Type) where
  getRef : m Syntax
  withRef {α : Type} : Syntax → m α → m α

export MonadRef (getRef)

class MonadQuotation (m : Type → Type) extends MonadRef m where
  getCurrMacroScope : m Nat
  getContext : m Name
  withFreshMacroScope {α : Type} : m α → m α

export MonadQuotation (getCurrMacroScope withFreshMacroScope)

def MonadRef.mkInfoFromRefPos {m : Type → Type} [Monad m] [MonadRef m] : m SourceInfo :=
  bind getRef fun ref => pure (SourceInfo.fromRef ref false)

def withRef {m : Type → Type} [Monad m] [MonadRef m] {α : Type} (ref : Syntax) (x : m α) : m α :=
  bind getRef fun old => MonadRef.withRef (replaceRef ref old) x

instance {ε : Type} : Monad (Macro.Run ε) where
  pure value _ state := .ok value state
  map f run context state :=
    match run context state with
    | .ok value state => .ok (f value) state
    | .error exception state => .error exception state
  bind run next context state :=
    match run context state with
    | .ok value state => next value context state
    | .error exception state => .error exception state

instance {ε : Type} : MonadExcept ε (Macro.Run ε) :=
  ⟨fun exception _ state => .error exception state⟩

instance : Monad MacroM := inferInstanceAs (Monad (Macro.Run Macro.Exception))
instance : MonadExcept Macro.Exception MacroM :=
  inferInstanceAs (MonadExcept Macro.Exception (Macro.Run Macro.Exception))
instance : Monad PrettyPrinter.UnexpandM := inferInstanceAs (Monad (Macro.Run Unit))
instance : MonadExcept Unit PrettyPrinter.UnexpandM :=
  inferInstanceAs (MonadExcept Unit (Macro.Run Unit))

noncomputable instance : Inhabited (MonadQuotation MacroM) :=
  ⟨{ getRef := pure .missing, withRef := fun _ x => x, getCurrMacroScope := pure .zero,
     getContext := pure .anonymous, withFreshMacroScope := fun x => x }⟩
noncomputable instance : Inhabited (MonadQuotation PrettyPrinter.UnexpandM) :=
  ⟨{ getRef := pure .missing, withRef := fun _ x => x, getCurrMacroScope := pure .zero,
     getContext := pure .anonymous, withFreshMacroScope := fun x => x }⟩

@[instance, extern] opaque Macro.instMonadQuotationMacroM : MonadQuotation MacroM
@[instance, extern] opaque PrettyPrinter.instMonadQuotationUnexpandM :
  MonadQuotation PrettyPrinter.UnexpandM

end Lean
