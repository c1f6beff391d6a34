/** What a person sees whom the instance knows and does not admit. */
export function Refused({ reason }: { reason: string }) {
  return (
    <main className="empty" id="main" role="alert">
      <h1>You may not use this instance yet</h1>
      <p>{reason}.</p>
      <p>
        Ask whoever runs it to admit one of your groups. This page goes on by itself as soon as you are let in.
      </p>
      <button type="button" className="button button-main" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  );
}
