// The caller's voice, where the browser understands speech. Most send the sound to their vendor, which the page says.

/** What browsers give; no library of types has it. */
interface Recognition {
  lang: string;
  interimResults: boolean;
  continuous: boolean;
  addEventListener(type: "result", listener: (event: { readonly results: ArrayLike<ArrayLike<{ readonly transcript: string }> & { readonly isFinal: boolean }> }) => void): void;
  addEventListener(type: "error", listener: (event: { readonly error: string }) => void): void;
  addEventListener(type: "end", listener: () => void): void;
  start(): void;
  stop(): void;
}

type Maker = new () => Recognition;

function maker(): Maker | undefined {
  const { SpeechRecognition, webkitSpeechRecognition } = globalThis as { SpeechRecognition?: Maker; webkitSpeechRecognition?: Maker };
  return SpeechRecognition ?? webkitSpeechRecognition;
}

/** Whether this browser understands speech. */
export function canListen(): boolean {
  return maker() !== undefined;
}

/** Listens to one sentence; returns a function that stops it. @param onText what is understood so far. */
export function listen(onText: (text: string, isFinal: boolean) => void, onEnd: (mistake: string | null) => void): () => void {
  const Maker = maker();
  if (!Maker) {
    onEnd("This browser does not understand speech.");
    return () => undefined;
  }
  const recognition = new Maker();
  let mistake: string | null = null;
  recognition.lang = "en-US";
  recognition.interimResults = true;
  recognition.continuous = false;
  recognition.addEventListener("result", ({ results }) => {
    const all = Array.from(results);
    onText(all.map((result) => result[0]?.transcript ?? "").join(" "), all.every(({ isFinal }) => isFinal));
  });
  recognition.addEventListener("error", ({ error }) => (mistake = error === "not-allowed" ? "The browser does not let the page use the microphone." : `Speech was not understood (${error}).`));
  recognition.addEventListener("end", () => onEnd(mistake));
  recognition.start();
  return () => recognition.stop();
}
