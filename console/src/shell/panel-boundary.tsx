// A panel that fails takes nothing from the rest of the page.

import { Component, type ReactNode } from "react";

import { Button } from "../kit/button.tsx";
import { FailureNotice } from "../kit/notice.tsx";
import { failureOf, type ApiFailure } from "../lib/api-failure.ts";

export class PanelBoundary extends Component<{ readonly children: ReactNode }, { readonly failure: ApiFailure | null }> {
  override state = { failure: null };

  static getDerivedStateFromError(error: unknown) {
    return { failure: failureOf(error) };
  }

  override render() {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return <FailureNotice failure={failure}><Button onClick={() => this.setState({ failure: null })}>Try again</Button></FailureNotice>;
  }
}
