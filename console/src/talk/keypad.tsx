// The keys of a phone. What is pressed is never shown: it is often a PIN.

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES: Readonly<Record<string, string>> = { "*": "star", "#": "hash" };

export function Keypad({ onPress }: { readonly onPress: (digit: string) => void }) {
  return (
    <div
      role="group" aria-label="Phone keys" tabIndex={0} className="mb-2 grid grid-cols-3 gap-1 rounded-md bg-sunk p-1"
      onKeyDown={(event) => {
        if (!KEYS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        onPress(event.key);
      }}
    >
      {KEYS.map((key) => (
        <button key={key} type="button" aria-label={NAMES[key] ?? key} onClick={() => onPress(key)} className="h-8 rounded-sm bg-pane text-base font-medium hover:bg-hover active:bg-chosen">
          {key}
        </button>
      ))}
    </div>
  );
}
